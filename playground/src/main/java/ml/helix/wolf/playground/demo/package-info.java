/** The demo: starts every part on this machine, tells the main job as a story, and checks each sentence of it. */
@NullMarked
package ml.helix.wolf.playground.demo;

import org.jspecify.annotations.NullMarked;

/** The demo: starts every part on this machine, shows the main job step by step, and checks each step. */
@NullMarked
package ml.helix.wolf.playground.demo;

import org.jspecify.annotations.NullMarked;

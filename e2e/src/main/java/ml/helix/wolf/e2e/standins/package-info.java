/** Stand-ins for the world around the programs in the end-to-end tests: one image, whose role an environment variable sets. */
@NullMarked
package ml.helix.wolf.e2e.standins;

import org.jspecify.annotations.NullMarked;

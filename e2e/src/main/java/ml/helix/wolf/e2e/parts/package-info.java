/** What plays the outside world in the end-to-end tests: one image, told its part by an environment variable. */
@NullMarked
package ml.helix.wolf.e2e.parts;

import org.jspecify.annotations.NullMarked;

/** Builds the container images of the programs from the built modules and the JDK at hand, without a container engine. */
@NullMarked
package ml.helix.wolf.images;

import org.jspecify.annotations.NullMarked;

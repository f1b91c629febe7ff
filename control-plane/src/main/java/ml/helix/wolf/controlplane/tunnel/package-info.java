/** A dial and the stream that it leads to, counted and timed. */
@NullMarked
package ml.helix.wolf.controlplane.tunnel;

import org.jspecify.annotations.NullMarked;

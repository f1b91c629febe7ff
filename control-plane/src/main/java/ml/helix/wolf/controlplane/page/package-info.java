/** The page at {@code /}: its files, and the live events that it follows. */
@NullMarked
package ml.helix.wolf.controlplane.page;

import org.jspecify.annotations.NullMarked;

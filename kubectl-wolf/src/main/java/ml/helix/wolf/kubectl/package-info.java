/** The kubectl plugin {@code kubectl-wolf}. */
@NullMarked
package ml.helix.wolf.kubectl;

import org.jspecify.annotations.NullMarked;

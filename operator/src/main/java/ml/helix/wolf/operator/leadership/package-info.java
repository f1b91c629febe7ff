/** Several replicas agree on the one that works, by a Lease. */
@NullMarked
package ml.helix.wolf.operator.leadership;

import org.jspecify.annotations.NullMarked;

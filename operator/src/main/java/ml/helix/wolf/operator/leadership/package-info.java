/** Replicas agree by a Lease on the one that works. No other package touches Leases. */
@NullMarked
package ml.helix.wolf.operator.leadership;

import org.jspecify.annotations.NullMarked;

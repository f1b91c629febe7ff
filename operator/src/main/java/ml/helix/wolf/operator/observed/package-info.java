/** What the operator observes, as records: the rollout, the pods, the agents' reports, what is in the way. */
@NullMarked
package ml.helix.wolf.operator.observed;

import org.jspecify.annotations.NullMarked;

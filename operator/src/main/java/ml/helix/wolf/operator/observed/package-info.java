/** What is there, as records: the rollout, the pods, the agents' answers, the tunnel's prerequisites. */
@NullMarked
package ml.helix.wolf.operator.observed;

import org.jspecify.annotations.NullMarked;

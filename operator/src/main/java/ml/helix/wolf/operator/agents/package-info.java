/** Polls the agents for their status by HTTP, with limits on number, size and time. */
@NullMarked
package ml.helix.wolf.operator.agents;

import org.jspecify.annotations.NullMarked;

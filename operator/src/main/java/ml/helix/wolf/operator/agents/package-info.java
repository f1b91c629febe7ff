/** Polls the agents for their status by HTTP, and takes their notices, with limits on number, size and time. */
@NullMarked
package ml.helix.wolf.operator.agents;

import org.jspecify.annotations.NullMarked;

/** Asks the agents for their status over HTTP, bounded in number, size and time. */
@NullMarked
package ml.helix.wolf.operator.agents;

import org.jspecify.annotations.NullMarked;

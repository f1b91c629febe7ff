/** Why the agent isn't connected: the contract's reasons and the exception that carries one. */
@NullMarked
package ml.helix.wolf.agent.failure;

import org.jspecify.annotations.NullMarked;

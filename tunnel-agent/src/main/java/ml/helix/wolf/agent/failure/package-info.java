/** Why the tunnel is down: the reasons, and the exception that carries one. */
@NullMarked
package ml.helix.wolf.agent.failure;

import org.jspecify.annotations.NullMarked;

/** When to try again. */
@NullMarked
package ml.helix.wolf.agent.reconnect;

import org.jspecify.annotations.NullMarked;

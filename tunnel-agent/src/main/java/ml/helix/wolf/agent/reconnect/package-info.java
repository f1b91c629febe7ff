/** Keeps a control connection up: when to connect again, and when to connect with another token. */
@NullMarked
package ml.helix.wolf.agent.reconnect;

import org.jspecify.annotations.NullMarked;

/** Connects to the control plane: name, TCP, proxy, TLS, each with a failure of its own. */
@NullMarked
package ml.helix.wolf.agent.transport;

import org.jspecify.annotations.NullMarked;

/** The RevDial protocol: control messages, the agent's {@code Listener}, the control plane's {@code LocalDialer}. */
@NullMarked
package ml.helix.wolf.revdial;

import org.jspecify.annotations.NullMarked;

/** RevDial over WebSocket: accepts the control and data connections of agents. */
@NullMarked
package ml.helix.wolf.controlplane.revdial;

import org.jspecify.annotations.NullMarked;

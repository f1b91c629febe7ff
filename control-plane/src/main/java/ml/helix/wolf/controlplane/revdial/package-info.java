/** The WebSocket side of RevDial: where agents connect and where their data connections arrive. */
@NullMarked
package ml.helix.wolf.controlplane.revdial;

import org.jspecify.annotations.NullMarked;

/** TCP forwards: each connection to the port is one dial. */
@NullMarked
package ml.helix.wolf.controlplane.forward;

import org.jspecify.annotations.NullMarked;

/**
 * Several replicas of the control plane: which one holds which tunnel, the connections between them, and how tunnels move
 * from one to the other.
 */
@NullMarked
package ml.helix.wolf.controlplane.replica;

import org.jspecify.annotations.NullMarked;

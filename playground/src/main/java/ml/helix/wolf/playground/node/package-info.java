/**
 * Nodes without machines: plays the DaemonSet controller and the kubelets for nodes that are loopback addresses, and
 * starts a real process for each container.
 */
@NullMarked
package ml.helix.wolf.playground.node;

import org.jspecify.annotations.NullMarked;

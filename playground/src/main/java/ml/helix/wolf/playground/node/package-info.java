/**
 * Nodes without machines: the DaemonSet controller and the kubelets of nodes that are loopback addresses. Each container
 * is a process of this machine.
 */
@NullMarked
package ml.helix.wolf.playground.node;

import org.jspecify.annotations.NullMarked;

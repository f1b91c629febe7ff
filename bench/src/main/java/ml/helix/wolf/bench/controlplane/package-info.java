/**
 * Measures the control plane with thousands of agents: one process holds all their control connections, and answers the
 * pickups of some of them in Wolf's place.
 */
@NullMarked
package ml.helix.wolf.bench.controlplane;

import org.jspecify.annotations.NullMarked;

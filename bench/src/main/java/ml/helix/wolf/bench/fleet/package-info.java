/** Measures the operator: a real API server, simulated nodes and agents, and {@code bin/operator} as a process. */
@NullMarked
package ml.helix.wolf.bench.fleet;

import org.jspecify.annotations.NullMarked;

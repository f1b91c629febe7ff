/**
 * Measures streams: an agent and a control plane as processes, a local service in Wolf's place, and callers of a forward.
 */
@NullMarked
package ml.helix.wolf.bench.streams;

import org.jspecify.annotations.NullMarked;

/**
 * A peer that does what a test tells it, on real sockets: it sends any byte in any fragment, and any answer or none. It
 * shares no code with the agent, the control plane or their own tests on purpose: a mistake in the code under test must not
 * be repeated here. So it has a WebSocket implementation of its own.
 */
@NullMarked
package ml.helix.wolf.conformance.peer;

import org.jspecify.annotations.NullMarked;

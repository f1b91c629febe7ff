/**
 * A peer that does what a test tells it, on real sockets: any byte, in any fragment, any answer or none. It shares no
 * code with the agent or the control plane.
 */
@NullMarked
package ml.helix.wolf.conformance.peer;

import org.jspecify.annotations.NullMarked;

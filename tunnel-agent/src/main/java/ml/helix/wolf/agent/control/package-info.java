/** The control connection: Java-WebSocket over a wire of our own, feeding revdial's Listener. */
@NullMarked
package ml.helix.wolf.agent.control;

import org.jspecify.annotations.NullMarked;

/** A lean blocking WebSocket client (RFC 6455) for data connections. */
@NullMarked
package ml.helix.wolf.agent.websocket;

import org.jspecify.annotations.NullMarked;

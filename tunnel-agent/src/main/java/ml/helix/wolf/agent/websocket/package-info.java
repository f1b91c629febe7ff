/** A small blocking WebSocket client (RFC 6455) for data connections. DESIGN.md says why it is hand-written. */
@NullMarked
package ml.helix.wolf.agent.websocket;

import org.jspecify.annotations.NullMarked;

/** A small blocking WebSocket client for data connections: handshake and stream. The frames are module {@code websocket}'s. DESIGN.md says why it is hand-written. */
@NullMarked
package ml.helix.wolf.agent.websocket;

import org.jspecify.annotations.NullMarked;

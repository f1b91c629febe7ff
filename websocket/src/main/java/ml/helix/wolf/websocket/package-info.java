/** WebSocket frames (RFC 6455, section 5) for both ends of a connection: a client's are masked, a server's are not. */
@NullMarked
package ml.helix.wolf.websocket;

import org.jspecify.annotations.NullMarked;

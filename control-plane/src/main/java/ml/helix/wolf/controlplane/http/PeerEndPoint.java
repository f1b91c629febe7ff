package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.FillInterest;
import org.eclipse.jetty.server.Request;

/**
 * A peer's connection as HTTP and WebSocket use it, with TLS or without, and with what Jetty's own end points leave out:
 *
 * <ul>
 *   <li>A reset is an error and not an end: {@link #fill} throws.
 *   <li>The connection can be closed by a reset: {@link #resetOnClose}.
 *   <li>A byte of what comes next can be sent ahead, to see whether the peer still takes it: {@link #sendAhead}.
 *   <li>Closing it destroys nothing that was sent before: {@link #lingerOnClose}.
 * </ul>
 *
 * Implementations are thread safe.
 */
public sealed interface PeerEndPoint extends EndPoint permits TcpEndPoint, TlsConnection.TlsEndPoint {

    /** The connection that a request came on. */
    static PeerEndPoint beneath(Request request) {
        return (PeerEndPoint) request.getConnectionMetaData().getConnection().getEndPoint();
    }

    /**
     * Closing the connection resets it from now on, so that a response which only the end delimits can't look whole; or,
     * with {@code false}, closes it in order again.
     */
    void resetOnClose(boolean reset);

    /**
     * Whether the idle timeout holds; it does at first. In contrast to {@code setIdleTimeout} it touches no timer, so it costs
     * nothing for each request.
     */
    void idleTimeoutHolds(boolean holds);

    /**
     * Closing ends the output first, and the connection once the peer has ended, as {@link
     * ml.helix.wolf.revdial.socket.LingeringStream} says. Jetty closes a WebSocket connection right after it has sent a close frame
     * of a code like 1001, 1002 or 1008, and the kernel discards that frame where there is unread input.
     */
    void lingerOnClose();

    /**
     * Sends one byte now and leaves it out of the next flush, which has to begin with it. No flush may be pending.
     *
     * @return whether there was room for it
     * @throws IOException if the peer has closed or reset its end
     */
    boolean sendAhead(byte next) throws IOException;

    /**
     * Sends one byte now, between two flushes. No flush may be pending.
     *
     * @throws IOException if the peer has closed or reset its end
     */
    void sendBetween(byte one) throws IOException;

    /**
     * Takes the connection away from Jetty, which forgets it. Call once, on the thread of its request, when nobody waits for its input.
     *
     * @throws java.io.IOException if the connection is closed
     */
    PeerChannel detach() throws IOException;

    /** Jetty's record of who waits for input. */
    FillInterest getFillInterest();
}

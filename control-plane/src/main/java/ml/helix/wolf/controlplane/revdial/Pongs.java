package ml.helix.wolf.controlplane.revdial;

import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * Answers one connection's pings and never waits: a reader that waited for a pong behind a blocked write would stop the
 * other direction too. One pong is on its way at a time; of the pings that come meanwhile the newest is answered (RFC
 * 6455, section 5.5.3). Thread-safe.
 */
final class Pongs {
    private @Nullable ByteBuffer next; // guarded by this, as is all that follows
    private boolean underWay;

    /** Answers this ping, or a newer one. */
    void answer(CoreSession session, Frame ping) {
        ByteBuffer echo = ByteBuffer.allocate(ping.getPayloadLength());
        if (ping.hasPayload()) {
            echo.put(ping.getPayload().slice()).flip();
        }
        synchronized (this) {
            if (underWay) {
                next = echo;
                return;
            }
            underWay = true;
        }
        send(session, echo);
    }

    private void send(CoreSession session, ByteBuffer echo) {
        Callback sent = Callback.from(() -> sendNext(session), failure -> {});
        session.sendFrame(new Frame(OpCode.PONG, true, echo), sent, false);
    }

    private void sendNext(CoreSession session) {
        ByteBuffer echo;
        synchronized (this) {
            echo = next;
            next = null;
            if (echo == null) {
                underWay = false;
                return;
            }
        }
        send(session, echo);
    }
}

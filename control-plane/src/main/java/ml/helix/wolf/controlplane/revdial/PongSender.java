package ml.helix.wolf.controlplane.revdial;

import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * Answers one connection's pings. It never waits: if reading waited for a pong that is stuck behind a blocked write, the
 * other direction would stop too. One pong is being sent at a time; of the pings that arrive meanwhile only the newest is
 * answered (RFC 6455, section 5.5.3). Thread-safe.
 */
final class PongSender {
    private @Nullable ByteBuffer next; // guarded by this, as is all that follows
    private boolean sending;

    /** Answers this ping, or a newer one. */
    void answer(CoreSession session, Frame ping) {
        ByteBuffer pong = ByteBuffer.allocate(ping.getPayloadLength());
        if (ping.hasPayload()) {
            pong.put(ping.getPayload().slice()).flip();
        }
        synchronized (this) {
            if (sending) {
                next = pong;
                return;
            }
            sending = true;
        }
        send(session, pong);
    }

    private void send(CoreSession session, ByteBuffer pong) {
        Callback sent = Callback.from(() -> sendNext(session), failure -> {});
        session.sendFrame(new Frame(OpCode.PONG, true, pong), sent, false);
    }

    private void sendNext(CoreSession session) {
        ByteBuffer pong;
        synchronized (this) {
            pong = next;
            next = null;
            if (pong == null) {
                sending = false;
                return;
            }
        }
        send(session, pong);
    }
}

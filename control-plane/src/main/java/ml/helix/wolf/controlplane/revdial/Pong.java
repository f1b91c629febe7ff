package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers pings. */
final class Pong {
    private static final Logger log = LoggerFactory.getLogger(Pong.class);

    private Pong() {}

    /** Waits until the pong is sent: a peer that pings and does not read fills no queue. */
    static void send(CoreSession session, Frame ping) {
        ByteBuffer echo = ByteBuffer.allocate(ping.getPayloadLength());
        if (ping.hasPayload()) {
            echo.put(ping.getPayload().slice()).flip();
        }
        try (Blocker.Callback sent = Blocker.callback()) {
            session.sendFrame(new Frame(OpCode.PONG, true, echo), sent, false);
            sent.block();
        } catch (IOException e) {
            log.debug("A ping came on a connection that is over", e);
        }
    }
}

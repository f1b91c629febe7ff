package ml.helix.wolf.agent.control;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.Framedata;
import org.java_websocket.handshake.ServerHandshake;
import org.jspecify.annotations.Nullable;

/**
 * Java-WebSocket's client without its habits: it pings and gives up only when it is told, its queue is bounded, and it
 * dials nothing.
 *
 * <p>{@link #run} is the reading thread; the library adds a writing one.
 */
final class ControlClient extends WebSocketClient {
    /** So many frames wait only where the peer has stopped reading. */
    private static final int MOST_QUEUED = 1024;

    /** So many pongs wait at most; of the pings that come meanwhile the newest is answered (RFC 6455, section 5.5.3). */
    private static final int MOST_PONGS = 16;

    private final AtomicReference<@Nullable Framedata> newestPing = new AtomicReference<>();
    private final Runnable opened;
    private final Consumer<ByteBuffer> received;
    private final End end = new End();

    /** What the library said last: a close code, and whether the peer sent it. */
    static final class End {
        private volatile int code = 1006;
        private volatile boolean remote = true;

        int code() {
            return code;
        }

        boolean remote() {
            return remote;
        }
    }

    /**
     * @param target path and query
     * @param headers what the upgrade request carries beside the RFC's own
     * @param opened called on the reading thread, before anything is received
     * @param received takes each message's bytes, on the reading thread
     */
    @SuppressWarnings("deprecation") // a socket factory would hide that this socket is connected
    ControlClient(
            ControlSocket socket,
            String target,
            Map<String, String> headers,
            ControlDraft draft,
            Runnable opened,
            Consumer<ByteBuffer> received) {
        super(URI.create("ws://control-plane" + target), draft, headers);
        this.opened = opened;
        this.received = received;
        setSocket(socket);
        socket.drains(() -> getConnection() instanceof WebSocketImpl engine ? engine.outQueue.poll() : null);
        socket.afterWrites(this::answerPing);
        setDaemon(true);
        setConnectionLostTimeout(0);
    }

    End end() {
        return end;
    }

    /** Whether the peer takes so little that what is sent piles up. */
    boolean clogged() {
        return getConnection() instanceof WebSocketImpl engine && engine.outQueue.size() >= MOST_QUEUED;
    }

    @Override
    public void onOpen(ServerHandshake handshake) {
        opened.run();
    }

    @Override
    public void onMessage(ByteBuffer bytes) {
        received.accept(bytes);
    }

    @Override
    public void onMessage(String text) {
        received.accept(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void onWebsocketPing(WebSocket connection, Framedata ping) {
        newestPing.set(ping);
        answerPing();
    }

    /** When a ping has come, and when a frame was written: then there may be room for the pong. */
    private void answerPing() {
        if (getConnection() instanceof WebSocketImpl engine && engine.outQueue.size() < MOST_PONGS) {
            Framedata ping = newestPing.getAndSet(null);
            if (ping != null) {
                try {
                    super.onWebsocketPing(engine, ping);
                } catch (WebsocketNotConnectedException e) {
                    // it ended in between
                }
            }
        }
    }

    @Override
    public void onClose(int code, String reason, boolean remote) {
        end.code = code;
        end.remote = remote;
    }

    /** An onClose follows, and says what matters. */
    @Override
    public void onError(Exception failure) {}
}

package ml.helix.wolf.agent.control;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import ml.helix.wolf.agent.transport.Wire;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.Framedata;
import org.java_websocket.handshake.ServerHandshake;
import org.jspecify.annotations.Nullable;

/**
 * Java-WebSocket's client without four of its habits: it connects by itself (here it gets a connected {@link Wire}), it
 * pings on a schedule of its own and then gives the connection up, its queue of frames has no bound, and it queues a pong
 * for each ping.
 *
 * <p>{@link #serve} occupies its thread, which reads; the library adds one that writes. The rest is thread-safe.
 */
final class BoundedClient extends WebSocketClient {
    /** How long a close may take: the peer's close frame, then the frames still queued here. */
    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** With so many frames queued, the peer has stopped reading. */
    private static final int MAX_QUEUED = 1024;

    /** With so many frames queued no pong is added; later the newest ping is answered (RFC 6455, section 5.5.3). */
    private static final int MAX_QUEUED_FOR_PONG = 16;

    private final StreamingDraft draft;
    private final Consumer<ByteBuffer> onBytes;
    private final AtomicReference<@Nullable Framedata> newestPing = new AtomicReference<>();
    private Runnable onUp = () -> {}; // used by the reading thread only

    private volatile boolean wasUp;
    private volatile int closeCode = 1006;
    private volatile boolean closedByPeer = true;

    /**
     * @param target path and query
     * @param headers of the upgrade request, beside the RFC's own
     * @param onBytes takes the bytes of each frame, on the reading thread
     */
    BoundedClient(String target, Map<String, String> headers, StreamingDraft draft, Consumer<ByteBuffer> onBytes) {
        super(URI.create("ws://control-plane" + target), draft, headers);
        this.draft = draft;
        this.onBytes = onBytes;
        setDaemon(true);
        setConnectionLostTimeout(0);
    }

    /**
     * Upgrades, and reads until the connection has ended and its socket is closed. Called once.
     *
     * @param callback called on this thread when the server has accepted the upgrade, before any bytes arrive
     */
    @SuppressWarnings("deprecation") // the other way, a socket factory, can't say that the socket is connected already
    WebSocketEnd serve(Wire wire, Runnable callback) throws IOException, InterruptedException {
        onUp = callback;
        var socket = new WireSocket(wire, this::nextQueued, this::answerPing);
        setSocket(socket);
        run();
        socket.awaitClosed(CLOSE_TIMEOUT);
        return new WebSocketEnd(wasUp, closedByPeer, closeCode, draft.answer());
    }

    /** Whether the peer reads so little that frames pile up here. */
    boolean isClogged() {
        return getConnection() instanceof WebSocketImpl engine && engine.outQueue.size() >= MAX_QUEUED;
    }

    void pingUnlessClogged() {
        try {
            if (isOpen() && !isClogged()) {
                sendPing();
            }
        } catch (WebsocketNotConnectedException e) {
            // it ended in between
        }
    }

    private @Nullable ByteBuffer nextQueued() {
        return getConnection() instanceof WebSocketImpl engine ? engine.outQueue.poll() : null;
    }

    @Override
    public void onOpen(ServerHandshake handshake) {
        wasUp = true;
        onUp.run();
    }

    @Override
    public void onMessage(ByteBuffer bytes) {
        onBytes.accept(bytes);
    }

    @Override
    public void onMessage(String text) {
        onBytes.accept(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void onWebsocketPing(WebSocket connection, Framedata ping) {
        newestPing.set(ping);
        answerPing();
    }

    /** Called for each ping, and after each write: the queue may have room for a pong then. */
    private void answerPing() {
        if (getConnection() instanceof WebSocketImpl engine && engine.outQueue.size() < MAX_QUEUED_FOR_PONG) {
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
        closeCode = code;
        closedByPeer = remote;
    }

    /** Ignored: {@link #onClose} follows with all that is needed. */
    @Override
    public void onError(Exception failure) {}
}

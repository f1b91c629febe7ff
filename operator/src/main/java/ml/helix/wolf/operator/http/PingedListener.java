package ml.helix.wolf.operator.http;

import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Pings the server while the WebSocket is open. A server that sends nothing during {@value #SILENT_PINGS} pings is gone: the
 * connection is aborted, and the listener gets an error.
 *
 * <p>Without that, a watch may wait for minutes on a connection that has ended: the JDK's WebSocket (25 and before) loses an end
 * without a close frame that comes while a message is on its way to the listener. A server that vanished without any end would
 * not be noticed either.
 */
final class PingedListener implements WebSocket.Listener {
    private static final int SILENT_PINGS = 3;

    private final WebSocket.Listener listener;
    private final Duration betweenPings;

    /** Pings since the server was last heard. */
    private final AtomicInteger silence = new AtomicInteger();

    private final CountDownLatch ended = new CountDownLatch(1);

    PingedListener(WebSocket.Listener listener, Duration betweenPings) {
        this.listener = listener;
        this.betweenPings = betweenPings;
    }

    @Override
    public void onOpen(WebSocket socket) {
        listener.onOpen(socket);
        Thread.ofVirtual().name("watch-pings").start(() -> ping(socket));
    }

    private void ping(WebSocket socket) {
        try {
            while (!ended.await(betweenPings.toNanos(), TimeUnit.NANOSECONDS)) {
                if (silence.getAndIncrement() == SILENT_PINGS) {
                    socket.abort();
                    onError(
                            socket,
                            new IOException("the server has answered no ping for "
                                    + betweenPings.multipliedBy(SILENT_PINGS).toSeconds() + " s"));
                    return;
                }
                // A ping that can't be sent needs no answer: it shows as silence.
                var unused = socket.sendPing(ByteBuffer.allocate(0));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
        silence.set(0);
        return listener.onText(socket, data, last);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
        silence.set(0);
        return listener.onBinary(socket, data, last);
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket socket, ByteBuffer message) {
        silence.set(0);
        return listener.onPing(socket, message);
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
        silence.set(0);
        return listener.onPong(socket, message);
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
        return end() ? listener.onClose(socket, statusCode, reason) : null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        if (end()) {
            listener.onError(socket, error);
        }
    }

    /** Whether this call is the first: the listener learns one end. */
    private synchronized boolean end() {
        boolean first = ended.getCount() > 0;
        ended.countDown();
        return first;
    }
}

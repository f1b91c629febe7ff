package ml.helix.wolf.agent.control;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketImpl;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import ml.helix.wolf.agent.transport.Wire;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Wire} in the form that Java-WebSocket takes, a connected socket. It tames how the library closes: its writing
 * thread closes the socket, nothing says when, and frames that are still queued may be dropped, the close frame among
 * them.
 */
final class WireSocket extends Socket {
    private static final @Nullable SocketImpl NO_IMPLEMENTATION = null;

    private final Wire wire;
    private final Supplier<@Nullable ByteBuffer> queue;
    private final Runnable afterWrite;
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * @param queue removes the next frame from the library's queue, null if it is empty
     * @param afterWrite called after each write, on the library's writing thread; must not block
     */
    WireSocket(Wire wire, Supplier<@Nullable ByteBuffer> queue, Runnable afterWrite) throws IOException {
        super(NO_IMPLEMENTATION);
        this.wire = wire;
        this.queue = queue;
        this.afterWrite = afterWrite;
    }

    /** Waits until the library has closed the socket; after {@code timeout} closes it. */
    void awaitClosed(Duration timeout) throws InterruptedException {
        boolean inTime = closed.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (!inTime) {
            wire.cut();
        }
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return wire.input();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return new FilterOutputStream(wire.output()) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                afterWrite.run();
            }
        };
    }

    @Override
    public void close() {
        if (!isClosed()) {
            writeQueued();
        }
        wire.end();
        closed.countDown();
    }

    /**
     * The library stops its writing thread by an interrupt, and that thread then closes this socket. If the interrupt came
     * while it waited for a frame, it has written the queue and is still interrupted. Otherwise it has dropped the queue.
     */
    private void writeQueued() {
        if (Thread.currentThread().isInterrupted()) {
            return;
        }
        try {
            for (ByteBuffer frame = queue.get(); frame != null; frame = queue.get()) {
                wire.output().write(frame.array(), 0, frame.limit());
            }
        } catch (IOException e) {
            // the peer has closed
        }
    }

    @Override
    public boolean isClosed() {
        return closed.getCount() == 0;
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    /** Ignored, as is {@link #setReuseAddress}: the wire's options are set. */
    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public void setReuseAddress(boolean on) {}
}

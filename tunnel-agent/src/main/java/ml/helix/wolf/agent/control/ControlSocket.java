package ml.helix.wolf.agent.control;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketImpl;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import ml.helix.wolf.agent.transport.Wire;
import org.jspecify.annotations.Nullable;

/**
 * A wire, shaped as the connected socket that Java-WebSocket wants. Tells when the library has closed it: its writer
 * thread does so once everything is written, and nothing else says that a close frame has left.
 */
final class ControlSocket extends Socket {
    private static final @Nullable SocketImpl NONE = null;

    private final Wire wire;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Supplier<@Nullable ByteBuffer> queue = () -> null;
    private volatile Runnable afterWrite = () -> {};

    ControlSocket(Wire wire) throws IOException {
        super(NONE);
        this.wire = wire;
    }

    /** @param next takes the next frame out of the library's queue, null where there is none */
    void drains(Supplier<@Nullable ByteBuffer> next) {
        queue = next;
    }

    /** @param told after each write of the library's, on its writing thread; must not block */
    void afterWrites(Runnable told) {
        afterWrite = told;
    }

    /** Waits until the library has written all and closed the socket, or the time is over. */
    void awaitClosed(long millis) throws InterruptedException {
        boolean inTime = closed.await(millis, TimeUnit.MILLISECONDS);
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
            sendRest();
        }
        wire.end();
        closed.countDown();
    }

    /**
     * The library's writer, which closes the socket, is ended by an interrupt. Where that meets it in its wait for a frame,
     * it writes all that is queued and stays interrupted; else it forgets the queue, and with it the close frame.
     */
    private void sendRest() {
        if (Thread.currentThread().isInterrupted()) {
            return;
        }
        try {
            for (ByteBuffer frame = queue.get(); frame != null; frame = queue.get()) {
                wire.output().write(frame.array(), 0, frame.limit());
            }
        } catch (IOException e) {
            // the peer is gone
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

    /** The wire has its options already. */
    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public void setReuseAddress(boolean on) {}
}

package ml.helix.wolf.agent.control;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketImpl;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    ControlSocket(Wire wire) throws IOException {
        super(NONE);
        this.wire = wire;
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
        return wire.output();
    }

    @Override
    public void close() {
        wire.end();
        closed.countDown();
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

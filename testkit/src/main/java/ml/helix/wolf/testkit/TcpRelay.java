package ml.helix.wolf.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP relay on loopback, whose connections a test stalls or cuts: a network that is slow, or gone. Thread-safe; two virtual
 * threads for each connection.
 */
public final class TcpRelay implements AutoCloseable {
    private final InetSocketAddress target;
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition flows = lock.newCondition();
    private boolean stalled; // guarded by lock
    private volatile boolean refusing;

    private TcpRelay(InetSocketAddress target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
    }

    public static TcpRelay start(InetSocketAddress target) throws IOException {
        var relay = new TcpRelay(target);
        Thread.ofVirtual().name("relay-accept").start(relay::accept);
        return relay;
    }

    public int port() {
        return server.getLocalPort();
    }

    /** From now on passes no byte on. Connections stay open, new ones are accepted. */
    public void stall() {
        setStalled(true);
    }

    /** Breaks all connections, and each new one at once. */
    public void cut() {
        refusing = true;
        closeAll();
    }

    /** Ends {@link #stall} and {@link #cut}. */
    public void flow() {
        refusing = false;
        setStalled(false);
    }

    private void setStalled(boolean now) {
        lock.lock();
        try {
            stalled = now;
            flows.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket near = server.accept();
                sockets.add(near);
                if (refusing) {
                    close(near);
                } else {
                    Thread.ofVirtual().name("relay").start(() -> relay(near));
                }
            }
        } catch (IOException e) {
            closeAll();
        }
    }

    private void relay(Socket near) {
        try {
            Socket far = new Socket();
            sockets.add(far);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            far.connect(target);
            Thread.ofVirtual().name("relay-back").start(() -> copy(far, near));
            copy(near, far);
        } catch (IOException e) {
            close(near);
        }
    }

    private void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitFlow();
                out.write(buffer, 0, read);
            }
        } catch (IOException | InterruptedException e) {
            // the end of both, as below
        } finally {
            close(from);
            close(to);
        }
    }

    private void awaitFlow() throws InterruptedException {
        lock.lock();
        try {
            while (stalled) {
                flows.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void closeAll() {
        sockets.forEach(this::close);
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes every connection. */
    @Override
    public void close() throws IOException {
        flow();
        server.close();
        closeAll();
    }
}

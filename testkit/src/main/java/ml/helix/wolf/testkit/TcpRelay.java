package ml.helix.wolf.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A TCP relay on loopback, whose connections a test stalls or cuts: a network that is slow, or gone. Thread-safe; two virtual
 * threads for each connection.
 */
public final class TcpRelay implements AutoCloseable {
    private static final int QUEUE = 512;

    private final Supplier<Optional<InetSocketAddress>> targets;
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition flows = lock.newCondition();
    private boolean stalled; // guarded by lock
    private volatile boolean refusing;

    private TcpRelay(Supplier<Optional<InetSocketAddress>> targets) throws IOException {
        this.targets = targets;
        this.server = new ServerSocket(0, QUEUE, InetAddress.getLoopbackAddress());
    }

    public static TcpRelay start(InetSocketAddress target) throws IOException {
        return start(() -> Optional.of(target));
    }

    /**
     * A load balancer: each connection goes to one of these ports of loopback, at random. It ends at once if there is none.
     *
     * @param ports asked for each connection
     */
    public static TcpRelay spread(Supplier<List<Integer>> ports) throws IOException {
        return start(() -> {
            List<Integer> all = ports.get();
            return all.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new InetSocketAddress(
                            InetAddress.getLoopbackAddress(),
                            all.get(ThreadLocalRandom.current().nextInt(all.size()))));
        });
    }

    private static TcpRelay start(Supplier<Optional<InetSocketAddress>> targets) throws IOException {
        var relay = new TcpRelay(targets);
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
        Optional<InetSocketAddress> target = targets.get();
        if (target.isEmpty()) {
            close(near);
            return;
        }
        try {
            Socket far = new Socket();
            sockets.add(far);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            far.connect(target.get());
            Thread back = Thread.ofVirtual().name("relay-back").start(() -> copy(far, near));
            copy(near, far);
            back.join();
            close(near);
            close(far);
        } catch (IOException e) {
            close(near);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Up to the end of one direction, which is passed on; the other one goes on. */
    private void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitFlow();
                out.write(buffer, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException | InterruptedException e) {
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

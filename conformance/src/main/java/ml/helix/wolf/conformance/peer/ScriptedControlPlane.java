package ml.helix.wolf.conformance.peer;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A control plane that the test scripts: it reads the head of each handshake, and the test answers it. A handshake whose
 * query names a dialer is a data connection, a POST to a path that ends with /heartbeat is a heartbeat, every other one is a
 * control connection.
 *
 * <p>Thread-safe. Listens from its construction until {@link #close}, which closes each connection too.
 */
public final class ScriptedControlPlane implements Closeable {
    private final ServerSocketFactory sockets;
    private final BlockingQueue<Connection> controls = new LinkedBlockingQueue<>();
    private final BlockingQueue<Connection> data = new LinkedBlockingQueue<>();
    private final BlockingQueue<Connection> heartbeats = new LinkedBlockingQueue<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private InetSocketAddress address;

    private volatile @Nullable ServerSocket listening;
    private Thread accepting = Thread.currentThread();
    private volatile Script onData = data::add;

    /** Handles a connection whose handshake was read. */
    @FunctionalInterface
    public interface Script {
        void run(Connection connection) throws IOException, InterruptedException;
    }

    private ScriptedControlPlane(ServerSocketFactory sockets, InetSocketAddress address) {
        this.sockets = sockets;
        this.address = address;
    }

    /** On a free port of 127.0.0.1. */
    public static ScriptedControlPlane onLoopback() throws IOException {
        return at(InetAddress.ofLiteral("127.0.0.1"));
    }

    /** On a free port of this address. */
    public static ScriptedControlPlane at(InetAddress host) throws IOException {
        return with(ServerSocketFactory.getDefault(), new InetSocketAddress(host, 0));
    }

    /** On a free port of 127.0.0.1, with sockets of this factory, for TLS. */
    public static ScriptedControlPlane with(ServerSocketFactory sockets) throws IOException {
        return with(sockets, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    }

    /** At this address, with sockets of this factory. */
    public static ScriptedControlPlane with(ServerSocketFactory sockets, InetSocketAddress address) throws IOException {
        return new ScriptedControlPlane(sockets, address).start();
    }

    /** Listens again, on the same port. */
    public synchronized ScriptedControlPlane start() throws IOException {
        ServerSocket socket = bound();
        address = (InetSocketAddress) socket.getLocalSocketAddress();
        listening = socket;
        accepting = Thread.ofVirtual().name("scripted-server").start(() -> acceptAll(socket));
        return this;
    }

    /** Tries again while the port is taken: a process that is being started has a copy of a closed socket for some milliseconds. */
    private ServerSocket bound() throws IOException {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (true) {
            ServerSocket socket = sockets.createServerSocket();
            try {
                socket.setReuseAddress(true);
                socket.bind(address, 1024);
                return socket;
            } catch (BindException e) {
                socket.close();
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    /** Stops listening and frees the port. Open connections stay open. */
    public synchronized void stop() throws IOException {
        ServerSocket socket = listening;
        if (socket != null) {
            socket.close();
            try {
                accepting.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    public synchronized InetSocketAddress address() {
        return address;
    }

    /** {@code 127.0.0.1:12345} or {@code [::1]:12345}. */
    public String authority() {
        InetAddress host = address().getAddress();
        String text = host.getAddress().length > 4 ? "[::1]" : host.getHostAddress();
        return text + ":" + address().getPort();
    }

    /** Waits for the next control connection, whose handshake the test must answer. */
    public Connection control() throws InterruptedException {
        return take(controls, "control connection");
    }

    /** Waits for the next data connection, whose handshake the test must answer. */
    public Connection data() throws InterruptedException {
        return take(data, "data connection");
    }

    /** Waits for the next heartbeat, which the test must answer. */
    public Connection heartbeat() throws InterruptedException {
        return take(heartbeats, "heartbeat");
    }

    /** Whether a heartbeat waits that the test has not taken. */
    public boolean hasUntakenHeartbeat() {
        return !heartbeats.isEmpty();
    }

    /** Runs this script for each later data connection, on a thread of its own. If the script fails, the connection is closed. */
    public void onData(Script script) {
        onData = script;
    }

    /** Queues later data connections for {@link #data} again. */
    public void queueData() {
        onData = data::add;
    }

    /** How many TCP connections were accepted, whatever they sent. */
    public int accepted() {
        return accepted.get();
    }

    /** Waits for a connection that ends before its head is complete, as with a failed TLS handshake. */
    public void awaitFailedHandshake() {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (failed.get() == 0) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no handshake failed within " + Connection.PATIENCE);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Whether a handshake waits that the test has not taken. */
    public boolean hasUntakenHandshake() {
        return !controls.isEmpty() || !data.isEmpty();
    }

    /** Stops listening and closes every connection. */
    @Override
    public void close() throws IOException {
        stop();
        for (Socket socket : open) {
            socket.close();
        }
    }

    private static Connection take(BlockingQueue<Connection> queue, String what) throws InterruptedException {
        Connection connection = queue.poll(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (connection == null) {
            throw new AssertionError("no " + what + " came within " + Connection.PATIENCE);
        }
        return connection;
    }

    private void acceptAll(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket one = socket.accept();
                accepted.incrementAndGet();
                open.add(one);
                Thread.ofVirtual().name("scripted-handshake").start(() -> serve(one));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        Connection connection;
        try {
            connection = Connection.accepted(socket);
        } catch (IOException e) {
            failed.incrementAndGet();
            closeQuietly(socket);
            return;
        }
        if (connection.head().start().matches("POST .*/heartbeat HTTP/1.1")) {
            heartbeats.add(connection);
            return;
        }
        if (!connection.head().target().contains("revdial.dialer=")) {
            controls.add(connection);
            return;
        }
        try {
            onData.run(connection);
        } catch (IOException e) {
            closeQuietly(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }
}

package ml.helix.wolf.controlplane.forward;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.dialing.ReadAhead;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.RetryPause;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.revdial.socket.SocketStream;
import ml.helix.wolf.revdial.socket.TcpKeepAlive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on the port of a {@link Forward}, and splices each connection it accepts with a stream of its own, on virtual
 * threads. Beyond {@link #maxConnections} callers wait in the system's backlog. If a dial fails, the caller's connection is
 * closed and the failure logged. If a caller ends while its dial waits, it has gone: the dial is withdrawn.
 *
 * <p>Listens from {@link #open} until {@link #close}, which cuts all its connections and frees the port.
 */
public final class ForwardListener implements AutoCloseable {
    static final int MAX_CONNECTIONS = 1024;

    /** How long {@link #close} waits for the thread that accepts connections: the port is in use until it has ended. */
    private static final Duration PORT_FREED = Duration.ofSeconds(1);

    private static final LongConsumer COUNTED_BY_DIALING = bytes -> {};
    private static final Logger log = LoggerFactory.getLogger(ForwardListener.class);

    private final String runnerId;
    private final Dialing dialing;
    private final ServerSocket server;
    private final String address;
    private final Thread accepting;
    private final Semaphore freeConnections = new Semaphore(maxConnections(FileDescriptors.limit()));
    private final Set<ByteStream> callers = ConcurrentHashMap.newKeySet();

    private ForwardListener(String runnerId, Dialing dialing, ServerSocket server) {
        this.runnerId = runnerId;
        this.dialing = dialing;
        this.server = server;
        this.address = ListenAddress.show(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
        this.accepting =
                Thread.ofVirtual().name("forward-" + server.getLocalPort()).unstarted(this::acceptUntilClosed);
    }

    /** Each connection takes two file descriptors; all of them take a quarter of the process' limit at most. */
    static int maxConnections(long fileDescriptors) {
        return Math.clamp(fileDescriptors / 8, 16, MAX_CONNECTIONS);
    }

    /** @throws IOException if the address can't be bound */
    public static ForwardListener open(Forward forward, Dialing dialing) throws IOException {
        var server = new ServerSocket();
        try {
            server.bind(forward.address(), 256);
        } catch (IOException e) {
            server.close();
            throw new IOException(
                    "cannot listen on " + ListenAddress.show(forward.address()) + ": " + e.getMessage(), e);
        }
        var listener = new ForwardListener(forward.runnerId(), dialing, server);
        listener.start();
        return listener;
    }

    private void start() {
        accepting.start();
        log.info("Forwarding {} to {}", address, runnerId);
        if (!server.getInetAddress().isLoopbackAddress()) {
            log.warn(
                    "Everyone who can connect to {} controls Wolf at {}, without a token: forward 127.0.0.1:{} instead,"
                            + " or protect that port",
                    address,
                    runnerId,
                    port());
        }
    }

    /** The port it listens on: the one that the system chose for port 0. */
    public int port() {
        return server.getLocalPort();
    }

    private void acceptUntilClosed() {
        var retry = new RetryPause(System::nanoTime);
        while (!server.isClosed()) {
            freeConnections.acquireUninterruptibly();
            try {
                Socket caller = server.accept();
                if (retry.succeeded()) {
                    log.info("Connections to {} are accepted again", address);
                }
                Thread.ofVirtual().name("forwarded").start(() -> serve(caller));
            } catch (IOException e) {
                freeConnections.release();
                if (!server.isClosed()) {
                    pauseAfter(e, retry);
                }
            }
        }
    }

    private void pauseAfter(IOException failure, RetryPause retry) {
        if (retry.failed(String.valueOf(failure.getMessage()))) {
            log.warn("Connections to {} can't be accepted: {}", address, failure.getMessage());
        }
        try {
            Thread.sleep(retry.next());
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    private void serve(Socket socket) {
        try {
            socket.setTcpNoDelay(true);
            TcpKeepAlive.enable(socket);
            var caller = new SocketStream(socket);
            callers.add(caller);
            try (caller) {
                dialAndSplice(caller);
            } finally {
                callers.remove(caller);
            }
            caller.awaitClosed(); // a connection counts until its descriptor is closed
        } catch (IOException e) {
            log.debug("A caller of {} went away", address, e);
            close(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            freeConnections.release();
        }
    }

    private void close(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("A socket of {} can't be closed", address, e);
        }
    }

    private void dialAndSplice(SocketStream caller) {
        Dial dial = dialing.dial(runnerId);
        StreamLog about = StreamLog.ofDial(dial.id());
        about.set();
        ByteStream watched = dial.isSettled()
                ? caller
                : new Caller(ReadAhead.start(caller::read, failure -> dial.withdraw()), caller);
        try {
            ByteStream wolf = dial.await();
            wolf.logAs(about);
            new Splice(watched, wolf, COUNTED_BY_DIALING, COUNTED_BY_DIALING).run();
        } catch (DialException e) {
            log.info("No stream for a caller of {}: {}", address, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A caller's connection; its first bytes may have been read while the dial waited. */
    private record Caller(ReadAhead readAhead, SocketStream socket) implements ByteStream {
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return readAhead.read(buffer, offset, length);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            socket.write(buffer, offset, length);
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    @Override
    public void close() {
        close(server);
        callers.forEach(ByteStream::close);
        try {
            accepting.join(PORT_FREED);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

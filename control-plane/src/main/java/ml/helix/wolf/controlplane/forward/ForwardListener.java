package ml.helix.wolf.controlplane.forward;

import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
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
import ml.helix.wolf.revdial.socket.SocketStream;
import ml.helix.wolf.revdial.socket.TcpKeepAlive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening {@link Forward}: each connection it accepts is dialled and joined, on virtual threads. Beyond
 * {@link #most} at once, callers wait in the system's backlog. A dial that fails closes its caller's
 * connection and is logged. A caller whose end comes before its stream is there has gone: its dial is withdrawn.
 *
 * <p>Listens from {@link #open} on until {@link #close}, which cuts what is under way.
 */
public final class ForwardListener implements AutoCloseable {
    static final int MAX_CONNECTIONS = 1024;

    private static final LongConsumer COUNTED_BY_THE_TUNNEL = bytes -> {};
    private static final Logger log = LoggerFactory.getLogger(ForwardListener.class);

    private final Forward forward;
    private final Dialing dialing;
    private final ServerSocket server;
    private final Semaphore room = new Semaphore(most(FileDescriptors.limit()));
    private final Set<ByteStream> callers = ConcurrentHashMap.newKeySet();

    private ForwardListener(Forward forward, Dialing dialing, ServerSocket server) {
        this.forward = forward;
        this.dialing = dialing;
        this.server = server;
    }

    /** Connections at once: each takes two file descriptors, and all of them a quarter of the process' at most. */
    static int most(long fileDescriptors) {
        return Math.clamp(fileDescriptors / 8, 16, MAX_CONNECTIONS);
    }

    /** @throws IOException where the address can't be bound */
    public static ForwardListener open(Forward forward, Dialing dialing) throws IOException {
        var server = new ServerSocket();
        try {
            server.bind(forward.address(), 256);
        } catch (IOException e) {
            server.close();
            throw new IOException(
                    "cannot listen on " + ListenAddress.show(forward.address()) + ": " + e.getMessage(), e);
        }
        var listener = new ForwardListener(forward, dialing, server);
        Thread.ofVirtual().name("forward-" + server.getLocalPort()).start(listener::accept);
        log.info("Forwarding {} to {}", server.getLocalSocketAddress(), forward.runnerId());
        if (!server.getInetAddress().isLoopbackAddress()) {
            log.warn(
                    "Whoever reaches {} controls Wolf at {}, without a token: forward 127.0.0.1:{} instead, or keep"
                            + " others from that port",
                    server.getLocalSocketAddress(),
                    forward.runnerId(),
                    server.getLocalPort());
        }
        return listener;
    }

    /** The port it listens on: the one that the system chose for port 0. */
    public int port() {
        return server.getLocalPort();
    }

    private void accept() {
        var retry = new RetryPause(System::nanoTime);
        while (!server.isClosed()) {
            room.acquireUninterruptibly();
            try {
                Socket caller = server.accept();
                if (retry.succeeded()) {
                    log.info("Connections to {} are accepted again", forward.address());
                }
                Thread.ofVirtual().name("forwarded").start(() -> serve(caller));
            } catch (IOException e) {
                room.release();
                if (!server.isClosed()) {
                    waitAfter(e, retry);
                }
            }
        }
    }

    private void waitAfter(IOException failure, RetryPause retry) {
        if (retry.failed(String.valueOf(failure.getMessage()))) {
            log.warn("Connections to {} can't be accepted: {}", forward.address(), failure.getMessage());
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
                join(caller);
            } finally {
                callers.remove(caller);
            }
            caller.awaitClosed(); // a connection counts until its descriptor is closed
        } catch (IOException e) {
            log.debug("A caller of {} went away", forward.address(), e);
            close(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            room.release();
        }
    }

    private void close(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("Closing a socket of {}", forward.address(), e);
        }
    }

    private void join(SocketStream caller) {
        Dial dial = dialing.dial(forward.runnerId());
        var ahead = ReadAhead.start(caller::read, failure -> dial.withdraw());
        try {
            ByteStream wolf = dial.await();
            new Splice(new Caller(ahead, caller), wolf, COUNTED_BY_THE_TUNNEL, COUNTED_BY_THE_TUNNEL).run();
        } catch (DialException e) {
            log.info("No stream for a caller of {}: {}", forward.address(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A caller's connection, of which some bytes may have been read while its dial waited. */
    private record Caller(ReadAhead ahead, SocketStream socket) implements ByteStream {
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return ahead.read(buffer, offset, length);
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
    }
}

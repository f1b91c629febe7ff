package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.revdial.socket.TcpKeepAlive;

/** Makes the TLS connections between replicas. Both ends show their certificates. Thread-safe. */
final class PeerDoor {
    /** What connect, handshake and the first answer may take. */
    static final Duration TIMEOUT = Duration.ofSeconds(2);

    /** By itself the JDK's context takes older versions too. */
    private static final String[] PROTOCOLS = {"TLSv1.3"};

    private final PeerIdentity identity;
    private final Function<String, Optional<String>> replicaOf;
    private final ScheduledExecutorService timers;
    private final SSLContext server;

    /**
     * @param replicaOf the replica that has a certificate with that fingerprint
     * @param timers runs short tasks only
     */
    PeerDoor(PeerIdentity identity, Function<String, Optional<String>> replicaOf, ScheduledExecutorService timers) {
        this.identity = identity;
        this.replicaOf = replicaOf;
        this.timers = timers;
        this.server = identity.tls(fingerprint -> replicaOf.apply(fingerprint).isPresent());
    }

    /**
     * Connects to a replica.
     *
     * @param fingerprint of the certificate that it must have
     */
    PeerConnection connect(InetSocketAddress address, String fingerprint, String replica) throws IOException {
        Socket socket = new Socket();
        return guarded(socket, () -> {
            // Resolved anew each time, so that a name may get another address.
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), (int) TIMEOUT.toMillis());
            SSLContext client = identity.tls(fingerprint::equals);
            var tls = (SSLSocket)
                    client.getSocketFactory().createSocket(socket, address.getHostString(), address.getPort(), true);
            handshake(socket, tls);
            return new PeerConnection(socket, tls, replica);
        });
    }

    /** Takes a connection in. @throws IOException unless it is a replica's */
    PeerConnection accept(Socket socket) throws IOException {
        return guarded(socket, () -> {
            var tls = (SSLSocket) server.getSocketFactory().createSocket(socket, null, socket.getPort(), true);
            tls.setUseClientMode(false);
            tls.setNeedClientAuth(true);
            handshake(socket, tls);
            String replica = replicaOf
                    .apply(PeerIdentity.peerOf(tls.getSession()))
                    .orElseThrow(() -> new SSLHandshakeException("no replica has this certificate"));
            return new PeerConnection(socket, tls, replica);
        });
    }

    private static void handshake(Socket socket, SSLSocket tls) throws IOException {
        TcpKeepAlive.enable(socket);
        socket.setTcpNoDelay(true);
        tls.setEnabledProtocols(PROTOCOLS);
        tls.startHandshake();
    }

    private interface Opening {
        PeerConnection run() throws IOException;
    }

    private PeerConnection guarded(Socket socket, Opening opening) throws IOException {
        Future<?> deadline;
        try {
            deadline = timers.schedule(() -> close(socket), TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            close(socket);
            throw new IOException("this replica has stopped", e);
        }
        try {
            return opening.run();
        } catch (IOException | RuntimeException e) {
            close(socket);
            throw e;
        } finally {
            deadline.cancel(false);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // closed is closed
        }
    }
}

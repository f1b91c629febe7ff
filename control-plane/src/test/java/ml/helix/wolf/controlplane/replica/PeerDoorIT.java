package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.revdial.Timers;
import ml.helix.wolf.testkit.TestCertificates;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both ends of a connection between replicas, over real sockets. */
class PeerDoorIT {
    private static final String SERVER = "aaaaaaaa";
    private static final String CLIENT = "bbbbbbbb";
    private static final Instant NOW = Instant.now();

    private final ScheduledExecutorService timers = Timers.daemon("timers");
    private final PeerIdentity serverIdentity = PeerIdentity.create(SERVER, NOW);
    private final PeerIdentity clientIdentity = PeerIdentity.create(CLIENT, NOW);
    /** What the server reads in the database: the replica of each fingerprint. */
    private final Map<String, String> known = new ConcurrentHashMap<>(Map.of(clientIdentity.fingerprint(), CLIENT));

    private ServerSocket server;
    private CompletableFuture<PeerConnection> accepted;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var door = new PeerDoor(serverIdentity, fingerprint -> Optional.ofNullable(known.get(fingerprint)), timers);
        accepted = Waiting.async(() -> door.accept(server.accept()));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        timers.shutdownNow();
    }

    private PeerConnection connect(PeerIdentity as, String expectedFingerprint) throws IOException {
        var door = new PeerDoor(as, fingerprint -> Optional.empty(), timers);
        return door.connect(
                InetSocketAddress.createUnresolved("127.0.0.1", server.getLocalPort()), expectedFingerprint, SERVER);
    }

    @Test
    void replicasThatKnowOneAnotherTalk() throws Exception {
        try (PeerConnection near = connect(clientIdentity, serverIdentity.fingerprint());
                PeerConnection far = Waiting.result(accepted)) {
            assertThat(far.peer).isEqualTo(CLIENT);
            near.send(new PeerMessage.Link());
            assertThat(far.receive()).isEqualTo(new PeerMessage.Link());
            far.send(new PeerMessage.Linked());
            assertThat(near.receive()).isEqualTo(new PeerMessage.Linked());
        }
    }

    @Test
    void aCertificateThatTheDatabaseDoesNotNameIsRefused() throws Exception {
        PeerIdentity stranger = PeerIdentity.create(CLIENT, NOW);
        assertThatThrownBy(() -> talk(connect(stranger, serverIdentity.fingerprint())))
                .isInstanceOf(IOException.class);
        assertRefused("no replica has this certificate");
    }

    @Test
    void theOldCertificateOfAReplicaWhoseFingerprintHasChangedIsRefused() throws Exception {
        known.clear();
        known.put(PeerIdentity.create(CLIENT, NOW).fingerprint(), CLIENT);
        assertThatThrownBy(() -> talk(connect(clientIdentity, serverIdentity.fingerprint())))
                .isInstanceOf(IOException.class);
        assertRefused("no replica has this certificate");
    }

    @Test
    void whoAnswersWithAnotherCertificateThanTheDatabaseNamesIsRefused() throws Exception {
        PeerIdentity changed = PeerIdentity.create(SERVER, NOW);
        assertThatThrownBy(() -> connect(clientIdentity, changed.fingerprint()))
                .isInstanceOf(IOException.class)
                .hasStackTraceContaining("no replica has this certificate");
        assertThat(Waiting.failure(accepted)).isInstanceOf(IOException.class);
    }

    @Test
    void whoShowsNoCertificateIsRefused() throws Exception {
        assertThatThrownBy(() -> talkWithoutCertificate("TLSv1.3")).isInstanceOf(IOException.class);
        assertRefused("certificate");
    }

    @Test
    void olderVersionsOfTlsAreRefused() throws Exception {
        var context = clientIdentity.tls(serverIdentity.fingerprint()::equals);
        assertThatThrownBy(() -> talk(context, "TLSv1.2")).isInstanceOf(IOException.class);
        assertRefused("protocol");
    }

    private void assertRefused(String why) throws Exception {
        assertThat(Waiting.failure(accepted)).isInstanceOf(IOException.class).hasStackTraceContaining(why);
    }

    /** With TLS 1.3 a client learns only by its first read that the server refuses its certificate. */
    private static void talk(PeerConnection connection) throws IOException {
        try (connection) {
            connection.send(new PeerMessage.Link());
            connection.receive();
        }
    }

    private void talkWithoutCertificate(String version) throws Exception {
        SSLContext context = TestCertificates.trustingAll();
        talk(context, version);
    }

    private void talk(SSLContext context, String version) throws IOException {
        try (var socket = (SSLSocket) context.getSocketFactory()
                .createSocket(
                        new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort()),
                        "127.0.0.1",
                        server.getLocalPort(),
                        true)) {
            socket.setEnabledProtocols(new String[] {version});
            socket.setSoTimeout(20_000);
            socket.startHandshake();
            if (socket.getInputStream().read() < 0) {
                throw new IOException("it ended");
            }
        }
    }
}

package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A replica that reads the database only when it is asked to, and another one that has started since. Real sockets. */
class PeersIT {
    private static final String HERE = "aaaaaaaa";
    private static final String STARTED = "bbbbbbbb";

    private final ManualScheduler timers = new ManualScheduler();
    private final PeerIdentity identity = PeerIdentity.create(HERE, Instant.now());
    private final PeerIdentity started = PeerIdentity.create(STARTED, Instant.now());
    private final ConnectionManager connections =
            new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, timers::nanoTime);
    private final AtomicInteger reads = new AtomicInteger();
    private final Peers peers = new Peers(
            HERE,
            identity,
            new TunnelMap(HERE, connections, (replica, runnerId, generation, connPath) -> false),
            new StreamCounts(),
            failed -> {},
            this::read,
            timers,
            timers::nanoTime);
    private ServerSocket port;
    private ServerSocket portOfStarted;

    @BeforeEach
    void listen() throws IOException {
        port = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        portOfStarted = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        peers.close();
        connections.close();
        port.close();
        portOfStarted.close();
    }

    private void read(Duration longest) {
        reads.incrementAndGet();
        String address = "127.0.0.1:" + portOfStarted.getLocalPort();
        see(List.of(new ReplicaRow(STARTED, address, started.fingerprint(), false)));
    }

    private void see(List<ReplicaRow> rows) {
        peers.seen(new ReplicaSync.Seen(rows, /* trusted= */ true));
    }

    private PeerConnection connectAs(PeerIdentity replica) throws IOException {
        return new PeerDoor(replica, fingerprint -> Optional.empty(), timers)
                .connect(
                        InetSocketAddress.createUnresolved("127.0.0.1", port.getLocalPort()),
                        identity.fingerprint(),
                        HERE);
    }

    @Test
    void aReplicaThatConnectsBeforeItsRowIsReadIsLetIn() throws Exception {
        CompletableFuture<PeerConnection> accepted =
                Waiting.async(() -> peers.door().accept(port.accept()));
        assertThat(peers.all()).isEmpty();
        try (PeerConnection near = connectAs(started);
                PeerConnection far = Waiting.result(accepted)) {
            assertThat(far.peer).isEqualTo(STARTED);
            near.send(new PeerMessage.Link());
            assertThat(far.receive()).isEqualTo(new PeerMessage.Link());
        }
        assertThat(reads).as("once is enough").hasValue(1);
    }

    @Test
    void aStrangerIsRefusedAfterTheRowsWereRead() throws Exception {
        CompletableFuture<PeerConnection> accepted =
                Waiting.async(() -> peers.door().accept(port.accept()));
        assertThatThrownBy(() -> {
                    try (PeerConnection near = connectAs(PeerIdentity.create(STARTED, Instant.now()))) {
                        near.receive();
                    }
                })
                .isInstanceOf(IOException.class);
        assertThat(Waiting.failure(accepted)).hasStackTraceContaining("no replica has this certificate");
        assertThat(reads).hasValue(1);
    }

    @Test
    void aPickupForAReplicaWhoseRowIsNotReadYetFindsIt() {
        assertThat(peers.known(STARTED)).isNull();
        assertThat(peers.find(STARTED)).isNotNull();
        assertThat(peers.find(STARTED)).isNotNull();
        assertThat(reads).hasValue(1);
    }

    @Test
    void oneThatIsGoneIsNotWaitedFor() {
        read(Duration.ZERO);
        see(List.of());
        assertThat(peers.find(STARTED)).isNull();
        assertThat(peers.isGone(STARTED)).isTrue();
        assertThat(reads).hasValue(1);
        read(Duration.ZERO);
        assertThat(peers.find(STARTED)).as("it was only cut off").isNotNull();
        assertThat(peers.isGone(STARTED)).isFalse();
    }

    @Test
    void oneWhoseLeaseRanOutAndThatCannotBeReachedIsLostAndOneThatStoppedIsNot() {
        read(Duration.ZERO);
        see(List.of());
        assertThat(peers.lost()).as("it took its row out of the database").isZero();
        read(Duration.ZERO);
        var expired = List.of(new ReplicaRow(STARTED, "127.0.0.1:1", started.fingerprint(), true));
        see(expired);
        see(expired);
        assertThat(peers.lost()).as("once").isEqualTo(1);
    }
}

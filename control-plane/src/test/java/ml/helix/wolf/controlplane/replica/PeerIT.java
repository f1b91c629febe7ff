package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A replica that takes connections and says nothing. Real sockets, and a clock that the test moves. */
class PeerIT {
    private static final Duration ALMOST = Peer.ASK_TIMEOUT.minusMillis(300);

    private final ManualScheduler timers = new ManualScheduler();
    private final PeerIdentity here = PeerIdentity.create("aaaaaaaa", Instant.now());
    private final PeerIdentity there = PeerIdentity.create("bbbbbbbb", Instant.now());
    private final PeerDoor farDoor = new PeerDoor(
            there,
            fingerprint -> Optional.of("aaaaaaaa").filter(id -> fingerprint.equals(here.fingerprint())),
            new ManualScheduler());
    /** Whether it could be reached, each time that this may have changed. */
    private final BlockingQueue<Boolean> news = new LinkedBlockingQueue<>();

    private ServerSocket server;
    private Peer peer;

    private final class News implements Peer.Listener {
        @Override
        public void reachabilityChanged(Peer changed) {
            news.add(changed.isReachable());
        }

        @Override
        public void notHeld(Peer asked, String runnerId, long generation) {
            throw new AssertionError("nobody said so");
        }

        @Override
        public void failed(FailedPickup pickup) {
            throw new AssertionError("nobody said so");
        }
    }

    @BeforeEach
    void startPeer() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        var row = new ReplicaRow("bbbbbbbb", "127.0.0.1:" + server.getLocalPort(), there.fingerprint(), false);
        var door = new PeerDoor(here, fingerprint -> Optional.empty(), timers);
        peer = new Peer(row, door, new News(), timers, timers::nanoTime);
        peer.start();
    }

    @AfterEach
    void close() throws IOException {
        peer.close();
        server.close();
    }

    private PeerConnection acceptLink() throws IOException {
        PeerConnection connection = farDoor.accept(server.accept());
        assertThat(connection.receive()).isEqualTo(new PeerMessage.Link());
        connection.send(new PeerMessage.Linked());
        return connection;
    }

    private void awaitReachable() throws InterruptedException {
        while (!Waiting.next(news)) {
            // the same news again
        }
    }

    @Test
    void oneThatAnswersNoHandshakeCountsAsUnreachableAfterTwoSecondsAndIsTriedAgain() throws Exception {
        try (Socket silent = server.accept()) {
            assertThat(peer.ask("wolf-1", 5, "/revdial?a")).as("it waits").isTrue();
            timers.advance(ALMOST);
            assertThat(peer.isReachable()).isTrue();
            timers.advance(Peer.ASK_TIMEOUT.minus(ALMOST));
            assertThat(Waiting.next(news)).isFalse();
            assertThat(silent.isConnected()).isTrue();
        }
        try (PeerConnection link = acceptLink()) {
            awaitReachable();
            assertThat(peer.ask("wolf-1", 5, "/revdial?b")).isTrue();
            assertThat(link.receive())
                    .as("what waited was given up")
                    .isEqualTo(new PeerMessage.Ask(2, "wolf-1", "/revdial?b"));
        }
    }

    @Test
    void oneThatFallsSilentCountsAsUnreachableTwoSecondsAfterAnAsk() throws Exception {
        try (PeerConnection link = acceptLink()) {
            Waiting.until("it is linked", () -> peer.link().isPresent());
            timers.advance(Duration.ofMinutes(1));
            assertThat(peer.isReachable()).as("nobody has asked").isTrue();
            assertThat(peer.ask("wolf-1", 5, "/revdial?a")).isTrue();
            assertThat(link.receive()).isInstanceOf(PeerMessage.Ask.class);
            timers.advance(ALMOST);
            assertThat(peer.isReachable()).isTrue();
            timers.advance(Peer.ASK_TIMEOUT.minus(ALMOST));
            assertThat(Waiting.next(news)).isFalse();
            assertThatThrownBy(link::receive).as("the link is given up").isInstanceOf(IOException.class);
        }
        try (PeerConnection _ = acceptLink()) {
            awaitReachable();
        }
    }
}

package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/protocol.md, "How many streams": requests beyond a limit are refused, and the agent works on. */
class BoundsIT extends AgentSpec {
    /** More streams than the heap of {@link #SMALL} holds. */
    private static final int ASKED = 300;

    private static final List<String> SMALL = List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    @TempDir
    Path folder;

    @Test
    void beyondWhatItsHeapHoldsAStreamIsRefusedAndTheOthersGoOn() throws Exception {
        Queue<Connection> picked = new ConcurrentLinkedQueue<>();
        server.onData(data -> picked.add(data.accept()));
        wolf.expectProbe();
        try (AgentProcess agent = agentWithASmallHeap()) {
            Connection control = accepted();
            wolf.awaitProbe();
            for (int i = 0; i < ASKED; i++) {
                control.connReady(newPath());
            }
            Queue<String> refused = new ConcurrentLinkedQueue<>();
            Thread.ofVirtual().start(() -> collect(control, refused));
            long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
            while (picked.size() + refused.size() < ASKED && System.nanoTime() < deadline) {
                LockSupport.parkNanos(5_000_000);
            }
            assertThat(picked.size() + refused.size())
                    .as("conn-readies answered")
                    .isEqualTo(ASKED);
            assertThat(picked.size()).as("streams").isGreaterThan(50);
            assertThat(refused).isNotEmpty().allMatch(err -> err.contains("too many streams"));
            assertThat(agent.livez()).isEqualTo(200);

            for (Connection data : picked) {
                data.close();
            }
            agent.await(status -> status.path("streamsActive").asInt() == 0, "end of all streams");
            server.queueData();
            assertServes(control);
        }
    }

    private AgentProcess agentWithASmallHeap() throws IOException {
        return AgentProcess.start(
                folder,
                List.of(),
                SMALL,
                Map.of("RUNNER_TOKEN", TOKEN),
                List.of("-api-url", "http://" + server.authority(), "-wolf-id", "gpu-1", "-local", wolf.address()));
    }

    /** Collects the reasons of all pickup-failed lines until the connection ends. */
    private static void collect(Connection control, Queue<String> reasons) {
        try {
            for (int i = 0; i < ASKED; i++) {
                reasons.add(line(control).path("err").asText());
            }
        } catch (IOException e) {
            // the connection has ended
        }
    }

    /** 362 KiB each: the JDK's HTTP server would keep them in memory. */
    @Test
    void unfinishedRequestsOnTheMonitoringPortAreClosedAndTheTunnelGoesOn() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        byte[] head = ("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(362 * 1024)).getBytes(US_ASCII);
        List<Socket> attackers = new ArrayList<>();
        try {
            for (int i = 0; i < ASKED; i++) {
                attackers.add(new Socket(agent.host(), agent.port()));
            }
            for (Socket attacker : attackers) {
                attacker.setSoTimeout((int) Connection.PATIENCE.toMillis());
                assertThat(isClosedAfter(attacker, head)).isTrue();
            }
        } finally {
            for (Socket attacker : attackers) {
                attacker.close();
            }
        }
        assertThat(agent.livez()).isEqualTo(200);
        assertServes(control);
    }

    private static boolean isClosedAfter(Socket attacker, byte[] head) {
        try {
            attacker.getOutputStream().write(head);
            return attacker.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void aHostOfSomebodyElseGets421FromTheMonitoringPort() throws Exception {
        InProcessAgent agent = start();
        try (Socket caller = new Socket(agent.host(), agent.port())) {
            caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
            caller.getOutputStream()
                    .write("GET /status HTTP/1.1\r\nHost: rebound.example.com\r\nConnection: close\r\n\r\n"
                            .getBytes(US_ASCII));
            assertThat(new String(caller.getInputStream().readAllBytes(), US_ASCII))
                    .startsWith("HTTP/1.1 421 ")
                    .doesNotContain("wolf-gpu-1");
        }
    }
}

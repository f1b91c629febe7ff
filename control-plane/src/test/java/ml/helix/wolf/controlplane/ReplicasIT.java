package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.Socket;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.TcpRelay;
import ml.helix.wolf.testkit.TestEndpoints;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Three replicas on one PostgreSQL, with a load balancer in front that takes agents' connections to any of them. */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplicasIT {
    private static final FakeWolf WOLF = FakeWolf.onLoopback().start();

    private final List<TestControlPlane> replicas = new CopyOnWriteArrayList<>();
    private TcpRelay spreader;
    private StoreSettings store;
    private final List<TestAgent> agents = new ArrayList<>();

    @BeforeAll
    void start() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        store = TestStore.postgres(PostgresServer.shared().createDatabase());
        spreader = TcpRelay.spread(
                () -> replicas.stream().map(TestControlPlane::port).toList());
    }

    @BeforeEach
    void threeReplicas() throws Exception {
        while (replicas.size() < 3) {
            replicas.add(TestControlPlane.replica(store));
        }
    }

    @AfterEach
    void closeAgents() {
        agents.forEach(TestAgent::close);
    }

    @AfterAll
    void close() throws Exception {
        replicas.forEach(TestControlPlane::close);
        if (spreader != null) {
            spreader.close();
        }
        WOLF.close();
    }

    /** An agent whose data connections go to any replica, and whose control connection goes to this one. */
    private TestAgent connect(TestControlPlane holder, String runnerId, TestAgent.Script script) throws Exception {
        var agent = TestAgent.connect(
                holder.port(),
                runnerId,
                (self, connPath) -> script.connReady(self.pickingUpAt(spreader.port()), connPath));
        agents.add(agent);
        for (TestControlPlane replica : replicas) {
            eventually("a replica knows of " + runnerId, () -> isKnown(replica, runnerId));
        }
        return agent;
    }

    private static boolean isKnown(TestControlPlane replica, String runnerId) throws Exception {
        return replica.send(replica.toWolf(runnerId, "/api/v1/apps").build()).statusCode() != 503;
    }

    @Test
    void aRequestAtAnyReplicaReachesTheWolfWhereverItsPickupLands() throws Exception {
        connect(replicas.getFirst(), "wolf-any", TestAgent.splicing(WOLF.port()));
        for (int i = 0; i < 20; i++) {
            for (TestControlPlane replica : replicas) {
                var response = replica.send(
                        replica.toWolf("wolf-any", "/testkit/screenshot?bytes=70001&seed=" + i)
                                .build(),
                        BodyHandlers.ofByteArray());
                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(response.body()).isEqualTo(TestEndpoints.noise(70_001, i));
            }
        }
    }

    @Test
    void aFailedPickupIsToldToWhoAskedForIt() throws Exception {
        connect(replicas.getFirst(), "wolf-failing", TestAgent.failing("no Wolf here"));
        for (TestControlPlane replica : replicas) {
            var response = replica.send(replica.toWolf("wolf-failing", "/").build());
            assertThat(response.statusCode()).isEqualTo(502);
            assertThat(response.body()).contains("PickupFailed", "no Wolf here");
        }
    }

    @Test
    void theNewestConnectionWinsAndTheOlderOneIsClosedAtItsReplica() throws Exception {
        TestAgent older = connect(replicas.get(0), "wolf-moving", TestAgent.failing("the older one"));
        TestAgent newer = connect(replicas.get(1), "wolf-moving", TestAgent.failing("the newer one"));
        assertThat(older.awaitCloseCode()).isEqualTo(4001);
        for (TestControlPlane replica : replicas) {
            assertThat(replica.send(replica.toWolf("wolf-moving", "/").build()).body())
                    .contains("the newer one");
        }
        assertThat(newer.control()).isNotNull();
    }

    @Test
    void aStreamOutlivesTheReplicaThatHeldTheControlConnection() throws Exception {
        TestControlPlane holder = replicas.getLast();
        TestControlPlane asker = replicas.getFirst();
        var agent = TestAgent.connect(holder.port(), "wolf-stream", (self, connPath) -> TestAgent.splicing(WOLF.port())
                .connReady(self.pickingUpAt(asker.port()), connPath));
        agents.add(agent);
        eventually("the asker knows", () -> isKnown(asker, "wolf-stream"));
        var response = asker.send(
                asker.toWolf("wolf-stream", "/testkit/pieces?count=30&bytes=4001&pauseMillis=100&seed=2")
                        .build(),
                BodyHandlers.ofInputStream());
        replicas.remove(holder);
        holder.close();
        assertThat(response.body().readAllBytes()).isEqualTo(TestEndpoints.noise(30 * 4001, 2));
    }

    @Test
    void aDialWaitsForARunnerToComeBackAnywhere() throws Exception {
        TestAgent first = connect(replicas.get(0), "wolf-back", TestAgent.failing("before"));
        first.close();
        TestControlPlane asker = replicas.get(2);
        eventually(
                "it is in grace",
                () -> stats(asker, "").path("gracePeriodEntries").asInt() > 0);
        CompletableFuture<String> waiting = Waiting.async(
                () -> asker.send(asker.toWolf("wolf-back", "/").build()).body());
        eventually(
                "its dial is pending",
                () -> stats(replicas.get(1), "").path("pendingDialsTotal").asInt() == 1);
        assertThat(stats(replicas.get(1), "?scope=local")
                        .path("pendingDialsTotal")
                        .asInt())
                .isZero();
        agents.add(TestAgent.connect(replicas.get(1), "wolf-back", TestAgent.failing("after")));
        assertThat(Waiting.result(waiting)).contains("after");
    }

    @Test
    void statisticsAreOfAllReplicasOrOfOne() throws Exception {
        connect(replicas.get(0), "wolf-counted", TestAgent.failing("-"));
        assertThat(stats(replicas.get(1), "").path("activeConnections").asInt()).isEqualTo(1);
        assertThat(stats(replicas.get(1), "?scope=local")
                        .path("activeConnections")
                        .asInt())
                .isZero();
        assertThat(stats(replicas.get(0), "?scope=local")
                        .path("activeConnections")
                        .asInt())
                .isEqualTo(1);
        assertThat(replicas.get(0)
                        .error(replicas.get(0)
                                .admin("/api/v1/revdial/stats?scope=here")
                                .build()))
                .isEqualTo("400 BadRequest");
    }

    @Test
    void streamsAreThoseOfAllReplicas() throws Exception {
        connect(replicas.get(0), "wolf-streams", TestAgent.splicing(WOLF.port()));
        List<Socket> callers = new ArrayList<>();
        for (TestControlPlane asker : List.of(replicas.get(1), replicas.get(2), replicas.get(2))) {
            Socket caller = asker.connect();
            callers.add(caller);
            // A request without its end: the stream stays until the caller leaves.
            caller.getOutputStream()
                    .write(("POST " + TestControlPlane.proxied("wolf-streams", "/api/v1/sessions/add")
                                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nAuthorization: Bearer "
                                    + TestControlPlane.ADMIN_TOKEN + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
        }
        for (TestControlPlane replica : replicas) {
            eventually("three streams", () -> streams(replica) == 3);
        }
        for (Socket caller : callers) {
            caller.close();
        }
        for (TestControlPlane replica : replicas) {
            eventually("no stream", () -> streams(replica) == 0);
        }
    }

    @Test
    void aSessionIsAtOneInstanceForAllReplicasAndStaysWhereItHasMoved() throws Exception {
        for (int i = 0; i < 3; i++) {
            connect(replicas.get(i), "wolf-session-" + i, TestAgent.splicing(WOLF.port()));
        }
        for (int i = 0; i < 5; i++) {
            String session = "session " + i;
            String first = instanceOf(session, replicas.get(i % 3));
            for (TestControlPlane replica : replicas) {
                assertThat(instanceOf(session, replica)).isEqualTo(first);
            }
        }
        String first = instanceOf("moving", replicas.get(0));
        assertThat(instanceOf("moving", replicas.get(1))).isEqualTo(first);
        String path = "/api/v1/wolf-instances/" + first;
        replicas.get(2).send(replicas.get(2).json("POST", path + "/drain", ""));
        eventually("it drains", () -> isDraining(path, "true"));
        String second = instanceOf("moving", replicas.get(0));
        assertThat(second).isNotEqualTo(first);
        replicas.get(2).send(replicas.get(2).json("POST", path + "/undrain", ""));
        eventually("it drains no more", () -> isDraining(path, "false"));
        eventually("all have heard", () -> instanceOf("moving", replicas.get(1)).equals(second));
        for (TestControlPlane replica : replicas) {
            assertThat(instanceOf("moving", replica)).isEqualTo(second);
        }
    }

    private boolean isDraining(String path, String draining) throws Exception {
        for (TestControlPlane replica : replicas) {
            if (!replica.json(replica.admin(path).build())
                    .path("draining")
                    .asText()
                    .equals(draining)) {
                return false;
            }
        }
        return true;
    }

    private static String instanceOf(String session, TestControlPlane replica) throws Exception {
        var response = replica.send(replica.admin("/api/v1/wolf/api/v1/apps")
                .header("X-Wolf-Session", session)
                .build());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.headers().firstValue("X-Wolf-Instance").orElseThrow();
    }

    private static int streams(TestControlPlane replica) throws Exception {
        return replica.json(replica.admin("/api/v1/wolf-instances/wolf-streams").build())
                .path("streams")
                .asInt();
    }

    private static JsonNode stats(TestControlPlane replica, String query) throws Exception {
        return replica.json(replica.admin("/api/v1/revdial/stats" + query).build());
    }

    @Test
    void aPickupMustCarryATokenOfItsRunner() throws Exception {
        var connPath = new CompletableFuture<String>();
        connect(replicas.get(0), "wolf-bound", (self, path) -> {
            connPath.complete(path);
            self.pickupFailed(path, "seen");
        });
        String path = Waiting.result(connPath);
        for (TestControlPlane replica : replicas) {
            assertThat(replica.send(replica.request("/api/v1" + path).build()).statusCode())
                    .isEqualTo(401);
            assertThat(replica.send(replica.request("/api/v1/revdial?revdial.dialer=" + "0".repeat(32))
                                    .header("Authorization", "Bearer " + TestControlPlane.RUNNER_TOKEN)
                                    .build())
                            .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void thePortForReplicasAnswersNobodyWithoutAKnownCertificate() throws Exception {
        String address = replicas.get(0).peerAddress();
        try (var stranger = new Socket("127.0.0.1", Integer.parseInt(address.substring(address.indexOf(':') + 1)))) {
            stranger.setSoTimeout(20_000);
            stranger.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] got = stranger.getInputStream().readAllBytes();
            assertThat(got.length).as("a TLS alert at most").isLessThanOrEqualTo(7);
        }
    }
}

package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.agent.Agent;
import ml.helix.wolf.agent.AgentSettings;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedAgent;
import ml.helix.wolf.controlplane.ControlPlane;
import ml.helix.wolf.controlplane.Main;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TcpRelay;
import ml.helix.wolf.testkit.TestCertificates;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract, section 4, "Replicas": three control planes on one PostgreSQL. An agent's connections may go to any of them. The
 * cases that break something come last.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReplicasIT extends ControlPlaneSpec {
    private static final String INSTANCES = "/api/v1/wolf-instances/";
    private static final String STATS = "/api/v1/revdial/stats";
    private static final Pattern CONN_PATH =
            Pattern.compile("/revdial\\?revdial\\.dialer=([0-9a-f]{8})[0-9a-f]{24}&revdial\\.req=[0-9a-f]{32}");
    private static final Pattern SERVING = Pattern.compile("Serving HTTP on port (\\d+)\\R");
    /** Cases without a number come before. */
    private static final int BREAKING = Integer.MAX_VALUE;

    private PostgresServer database;
    private String url;
    /** The first one's way to the database. */
    private TcpRelay wayToDatabase;

    private int peerPort;
    private ControlPlane first;
    private ControlPlane second;
    private ControlPlane third;
    private List<ControlPlane> all;

    @BeforeAll
    void startReplicas() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        database = PostgresServer.start();
        url = database.createDatabase();
        wayToDatabase = TcpRelay.start(new InetSocketAddress("127.0.0.1", database.port()));
        peerPort = FreePort.choose();
        first = replica(url.replace(":" + database.port(), ":" + wayToDatabase.port()), "127.0.0.1:" + peerPort);
        second = replica(url, "127.0.0.1:0");
        third = replica(url, "127.0.0.1:0");
        all = List.of(first, second, third);
    }

    @AfterAll
    void stopReplicas() throws IOException {
        if (database != null) {
            all.forEach(ControlPlane::close);
            wayToDatabase.close();
            database.close();
        }
    }

    private static ControlPlane replica(String url, String peerListen) throws Exception {
        return launch(environment(), flags(url, peerListen));
    }

    private static List<String> flags(String url, String peerListen) {
        return List.of(
                "-listen=127.0.0.1:0",
                "-pool=0",
                "-drain=1",
                "-store=" + url,
                "-store-user=" + PostgresServer.USER,
                "-peer-listen=" + peerListen);
    }

    private static Map<String, String> environment() {
        return Map.of(
                "RUNNER_TOKEN", RUNNER_TOKEN,
                "ADMIN_TOKEN", ADMIN_TOKEN,
                "CONTROL_PLANE_STORE_PASSWORD", PostgresServer.PASSWORD);
    }

    private Connection connectAt(ControlPlane holder, String id) throws IOException {
        use(holder.port());
        return connect(id);
    }

    /** Connects there, and waits until all know. */
    private Connection known(ControlPlane holder, String id) throws Exception {
        Connection control = connectAt(holder, id);
        for (ControlPlane replica : all) {
            awaitConnected(replica, id);
        }
        return control;
    }

    private void awaitConnected(ControlPlane replica, String id) throws Exception {
        Waiting.until(
                id + " is known",
                () -> get(replica, INSTANCES + id).path("connected").asBoolean());
    }

    private CompletableFuture<HttpResponse<String>> callAt(ControlPlane asker, String id) {
        use(asker.port());
        return call(id, "x");
    }

    private Connection pickUpAt(ControlPlane replica, String connPath) throws IOException {
        use(replica.port());
        return pickUp(connPath);
    }

    private JsonNode get(ControlPlane replica, String path) throws Exception {
        use(replica.port());
        return JSON.readTree(send(ADMIN_TOKEN, "GET", path, "").body());
    }

    private static String body(CompletableFuture<HttpResponse<String>> call) throws Exception {
        return call.get(30, TimeUnit.SECONDS).body();
    }

    @Test
    void aRequestAtOneForARunnerOfAnotherIsJoinedFromTheThird() throws Exception {
        Connection control = known(second, "wolf-joined");
        for (ControlPlane asker : all) {
            for (ControlPlane landing : all) {
                var call = callAt(asker, "wolf-joined");
                String body = "from " + landing.port() + " to " + asker.port();
                respond(pickUpAt(landing, awaitConnReady(control)), body);
                assertThat(body(call)).isEqualTo(body);
            }
        }
    }

    @Test
    void theDialerIdNamesTheReplicaThatAsked() throws Exception {
        Connection control = known(second, "wolf-named");
        Set<String> names = new HashSet<>();
        for (ControlPlane asker : all) {
            String name = askerOfADial(asker, control);
            assertThat(askerOfADial(asker, control)).isEqualTo(name);
            names.add(name);
        }
        assertThat(names).hasSize(3);
    }

    /** The part of the dialer id of a dial that names its replica. */
    private String askerOfADial(ControlPlane asker, Connection control) throws Exception {
        var call = callAt(asker, "wolf-named");
        String path = awaitConnReady(control);
        Matcher dialer = CONN_PATH.matcher(path);
        assertThat(dialer.matches()).as(path).isTrue();
        pickupFailed(control, path, "seen");
        assertError(call, 502, "PickupFailed");
        return dialer.group(1);
    }

    @Test
    void aPickupFailedIsToldToTheReplicaThatAsked() throws Exception {
        Connection control = known(second, "wolf-failing");
        var call = callAt(first, "wolf-failing");
        pickupFailed(control, awaitConnReady(control), "no Wolf here");
        assertThat(assertError(call, 502, "PickupFailed")).contains("no Wolf here");
    }

    @Test
    void aPickupForNoDialOfAnyReplicaIs404() throws Exception {
        use(first.port());
        assertThat(open(agent(), "/api/v1/revdial?revdial.dialer=" + "0".repeat(32) + "&revdial.req=" + "0".repeat(32))
                        .head()
                        .status())
                .isEqualTo(404);
    }

    @Test
    void anAgentThatIsNotChangedServesBehindALoadBalancer() throws Exception {
        Map<String, String> environment = Map.of("RUNNER_TOKEN", RUNNER_TOKEN);
        try (TcpRelay door = TcpRelay.spread(
                        () -> all.stream().map(ControlPlane::port).toList());
                FakeWolf wolf = FakeWolf.onLoopback().start()) {
            String[] flags = {
                "-api-url=http://127.0.0.1:" + door.port(),
                "-wolf-id=spread",
                "-local=" + wolf.local(),
                "-listen=off",
                "-drain=0"
            };
            try (var agent = new Agent(
                    AgentSettings.of(Settings.read(AgentSettings.PROGRAM, flags, environment), environment))) {
                agent.start();
                for (ControlPlane replica : all) {
                    awaitConnected(replica, "wolf-spread");
                }
                for (int i = 0; i < 16; i++) {
                    use(i % 4 == 3 ? door.port() : all.get(i % 4).port());
                    var call = call("wolf-spread", "api/v1/apps");
                    assertThat(call.get(30, TimeUnit.SECONDS).statusCode())
                            .as(body(call))
                            .isEqualTo(200);
                }
            }
        }
    }

    @Test
    void theNewestConnectionWinsWhereverItIs() throws Exception {
        Connection older = known(first, "wolf-moving");
        Connection newer = connectAt(second, "wolf-moving");
        Frame close = older.frame(Frame.CLOSE);
        assertThat(close.closeCode()).isEqualTo(4001);
        assertThat(close.text()).endsWith("replaced by another agent with this id");
        for (ControlPlane asker : all) {
            use(asker.port());
            assertServes(newer, "wolf-moving");
        }
    }

    @Test
    void aDialWaitsForItsRunnerToComeBackAtAnyReplica() throws Exception {
        known(first, "wolf-back").reset();
        Waiting.until(
                "the third has heard of the loss",
                () -> !get(third, INSTANCES + "wolf-back").path("connected").asBoolean());
        var call = callAt(third, "wolf-back");
        Waiting.until(
                "its dial is pending",
                () -> get(second, STATS).path("pendingDialsTotal").asInt() == 1);
        Connection back = connectAt(second, "wolf-back");
        respond(pickUpAt(first, awaitConnReady(back)), "back");
        assertThat(body(call)).isEqualTo("back");
    }

    @Test
    void statisticsAreOfAllReplicasOrOfOne() throws Exception {
        known(first, "wolf-counted-1");
        known(second, "wolf-counted-2");
        for (ControlPlane replica : all) {
            Waiting.until(
                    "it counts both, and those of earlier cases no longer",
                    () -> get(replica, STATS).path("activeConnections").asInt() == 2);
            assertThat(get(replica, STATS + "?scope=local")
                            .path("activeConnections")
                            .asInt())
                    .isEqualTo(replica == third ? 0 : 1);
        }
    }

    @Test
    void registryAndDrainAreTheSameAtAll() throws Exception {
        ServingAgent agent = ServingAgent.connect(at(second), "wolf-shared", ServingAgent.responding(this));
        for (ControlPlane replica : all) {
            awaitConnected(replica, "wolf-shared");
        }
        use(first.port());
        send(ADMIN_TOKEN, "PUT", INSTANCES + "wolf-shared", "{'zone':'eu-9','maxSessions':3}");
        use(second.port());
        send(RUNNER_TOKEN, "POST", INSTANCES + "wolf-shared/heartbeat", "{'activeSessions':1}");
        Waiting.until("the third knows both", () -> {
            JsonNode instance = get(third, INSTANCES + "wolf-shared");
            return instance.path("zone").asText().equals("eu-9")
                    && instance.path("activeSessions").asInt() == 1;
        });
        Set<String> holders = new HashSet<>();
        for (ControlPlane replica : all) {
            holders.add(get(replica, INSTANCES + "wolf-shared").path("replica").asText());
        }
        assertThat(holders).as("the replica that holds it").hasSize(1).doesNotContain("");
        use(first.port());
        send(ADMIN_TOKEN, "POST", INSTANCES + "wolf-shared/drain", "");
        Waiting.until(
                "the third knows that it drains",
                () -> get(third, INSTANCES + "wolf-shared").path("draining").asBoolean());
        assertError(zoneAt(third), 503, "NoInstance");
        use(second.port());
        send(ADMIN_TOKEN, "POST", INSTANCES + "wolf-shared/undrain", "");
        Waiting.until(
                "the third knows that it drains no more",
                () -> !get(third, INSTANCES + "wolf-shared").path("draining").asBoolean());
        assertThat(zoneAt(third).get(30, TimeUnit.SECONDS).headers().firstValue("X-Wolf-Instance"))
                .contains(agent.id());
    }

    private ControlPlaneSpec at(ControlPlane replica) {
        use(replica.port());
        return this;
    }

    private CompletableFuture<HttpResponse<String>> zoneAt(ControlPlane replica) {
        use(replica.port());
        return requestWith("/api/v1/wolf/x", "X-Admin-Token", ADMIN_TOKEN, "X-Wolf-Zone", "eu-9");
    }

    @Test
    void thePortForReplicasAnswersNobodyElse() throws Exception {
        try (var plain = new Socket(InetAddress.ofLiteral("127.0.0.1"), peerPort)) {
            plain.setSoTimeout((int) Connection.PATIENCE.toMillis());
            plain.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(plain.getInputStream().readAllBytes().length)
                    .as("a TLS alert at most")
                    .isLessThanOrEqualTo(7);
        }
        SSLContext withoutCertificate = TestCertificates.trustingAll();
        try (var stranger = (SSLSocket) withoutCertificate.getSocketFactory().createSocket("127.0.0.1", peerPort)) {
            stranger.setSoTimeout((int) Connection.PATIENCE.toMillis());
            stranger.startHandshake();
            assertThatThrownBy(() -> stranger.getInputStream().read()).hasMessageContaining("certificate_required");
        }
    }

    @Test
    void aReplicaThatStopsSendsItsAgentsElsewhereAndTheirRunnersStayReachable() throws Exception {
        ControlPlane stopping = replica(url, "127.0.0.1:0");
        CompletableFuture<Void> stopped;
        Connection left;
        try {
            use(stopping.port());
            left = connect(withInstance(), "wolf-leaving");
            for (ControlPlane replica : all) {
                awaitConnected(replica, "wolf-leaving");
            }
        } finally {
            stopped = CompletableFuture.runAsync(stopping::close);
        }
        String line = left.line();
        while (line.contains("keep-alive")) {
            line = left.line();
        }
        assertThat(JSON.readTree(line).path("command").asText()).isEqualTo("reconnect");
        use(second.port());
        Connection back = connect(withInstance(), "wolf-leaving");
        assertThat(left.frame(Frame.CLOSE).closeCode()).isEqualTo(4001);
        var call = callAt(first, "wolf-leaving");
        respond(pickUpAt(third, awaitConnReady(back)), "moved");
        assertThat(body(call)).isEqualTo("moved");
        stopped.get(30, TimeUnit.SECONDS);
    }

    /** An agent that is waited for: Helix's have no instance, and don't know {@code reconnect}. */
    private ScriptedAgent withInstance() {
        return agent().with("Authorization: Bearer " + RUNNER_TOKEN, "Wolf-Agent-Instance: a1");
    }

    @Test
    @Order(BREAKING - 2)
    void aReplicaThatHasMissedATakeoverClosesItsZombie() throws Exception {
        known(second, "wolf-of-the-second");
        String nameOfTheSecond =
                get(third, INSTANCES + "wolf-of-the-second").path("replica").asText();
        Connection zombie = known(first, "wolf-zombie");
        Connection newer;
        wayToDatabase.cut();
        try {
            newer = connectAt(second, "wolf-zombie");
            // For a moment the second itself may say that the first holds it. If the third still dialled the first,
            // the conn-ready would come on the older connection too, and the next dial's pickup would name it.
            Waiting.until("the third dials the second", () -> get(third, INSTANCES + "wolf-zombie")
                    .path("replica")
                    .asText()
                    .equals(nameOfTheSecond));
            use(third.port());
            assertServes(newer, "wolf-zombie");
            use(first.port());
            assertServes(zombie, "wolf-zombie"); // it can't know
        } finally {
            wayToDatabase.flow();
        }
        assertThat(zombie.frame(Frame.CLOSE).closeCode()).isEqualTo(4001);
        use(first.port());
        assertServes(newer, "wolf-zombie");
    }

    @Test
    @Order(BREAKING - 1)
    void withoutTheDatabaseKnownTunnelsGoOnAndNewOnesServeWhereTheyAre() throws Exception {
        Connection held = known(second, "wolf-held");
        database.stop();
        try {
            use(first.port());
            Waiting.until("it is ready, and says that the store is down", () -> {
                HttpResponse<String> ready = send(ADMIN_TOKEN, "GET", "/readyz", "");
                return ready.statusCode() == 200 && ready.body().contains("the store is down");
            });
            var call = callAt(first, "wolf-held");
            respond(pickUpAt(third, awaitConnReady(held)), "as before");
            assertThat(body(call)).isEqualTo("as before");
            Connection unwritten = connectAt(second, "wolf-unwritten");
            assertServes(unwritten, "wolf-unwritten");
            assertError(callAt(first, "wolf-unwritten"), 503, "NoConnection");
        } finally {
            database.resume();
        }
        awaitConnected(first, "wolf-unwritten");
    }

    @Test
    @Order(BREAKING)
    void aKilledReplicaCutsNoStreamOfAnotherAndItsRunnersAreReachableWhereTheyComeBack(@TempDir Path folder)
            throws Exception {
        try (var killed = ProgramProcess.start(
                Main.class, folder, environment(), flags(url, "127.0.0.1:0").toArray(String[]::new))) {
            Waiting.until("it serves", () -> SERVING.matcher(killed.output()).find());
            Matcher port = SERVING.matcher(killed.output());
            assertThat(port.find()).isTrue();
            use(Integer.parseInt(port.group(1)));
            Connection control = connect("wolf-orphan");
            awaitConnected(first, "wolf-orphan");
            use(first.port());
            RawCaller caller = rawCall("wolf-orphan", "GET /x HTTP/1.1", "Connection: close");
            Connection data = pickUpAt(third, awaitConnReady(control));
            data.read(1);
            data.binary("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            caller.readUpTo("hello");

            killed.kill();
            var waiting = callAt(first, "wolf-orphan");
            data.binary("world");
            assertThat(caller.readToEnd().text()).isEqualTo("world");
            Connection back = connectAt(second, "wolf-orphan");
            respond(pickUpAt(third, awaitConnReady(back)), "back");
            assertThat(body(waiting)).isEqualTo("back");
        }
    }
}

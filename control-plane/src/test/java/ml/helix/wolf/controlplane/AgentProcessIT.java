package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static ml.helix.wolf.controlplane.TestControlPlane.proxied;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A control plane with the real agent in a process of its own, and a Wolf. */
class AgentProcessIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final FakeWolf wolf = FakeWolf.onLoopback().start();
    private TestControlPlane controlPlane;

    @BeforeEach
    void start() throws IOException {
        controlPlane = TestControlPlane.withPool("wolf-gpu-1");
    }

    private void start(Duration gracePeriod, Duration dialTimeout) throws IOException {
        controlPlane = TestControlPlane.start(gracePeriod, dialTimeout, "wolf-gpu-1");
    }

    @AfterEach
    void close() {
        controlPlane.close();
        wolf.close();
    }

    @Test
    void requestsAndResponsesPassByteForByte() throws Exception {
        try (var agent = connect(wolf)) {
            assertThat(bytes("/testkit/screenshot?bytes=2500001&seed=1")).isEqualTo(TestEndpoints.noise(2_500_001, 1));
            assertThat(bytes("/testkit/pieces?count=15&bytes=4001&pauseMillis=200&seed=2"))
                    .isEqualTo(TestEndpoints.noise(15 * 4001, 2));
            byte[] body = TestEndpoints.noise(3_000_001, 3);
            JsonNode digest = controlPlane.json(controlPlane
                    .toWolf("wolf-gpu-1", "/testkit/digest")
                    .POST(BodyPublishers.ofByteArray(body))
                    .build());
            assertThat(digest.path("sha256").asText())
                    .isEqualTo(HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
            assertThat(agent.output()).contains("Connected to");
        }
    }

    @Test
    void callersOfABusyIdShareDataConnectionsAndGetTheirOwnBytes() throws Exception {
        try (var agent = connect(wolf)) {
            List<CompletableFuture<Void>> callers = new ArrayList<>();
            for (int caller = 0; caller < 8; caller++) {
                int seed = 100 * caller;
                callers.add(async(() -> {
                    for (int i = 0; i < 25; i++) {
                        callInOneOfManyWays(seed + i, i % 5);
                    }
                    return null;
                }));
            }
            for (CompletableFuture<Void> caller : callers) {
                caller.get(60, TimeUnit.SECONDS);
            }
            assertThat(controlPlane.metric("wolf_control_plane_pool_hits_total"))
                    .isPositive();
            assertThat(pickups()).as("pickups for 200 requests and more").isLessThan(150);
            eventually("no stream is left", () -> controlPlane.metric("wolf_control_plane_streams_active") == 0);
            eventually("none is idle", () -> controlPlane.metric("wolf_control_plane_pool_idle") == 0);
            assertThat(agent.output()).contains("Connected to");
        }
    }

    private void callInOneOfManyWays(int seed, int way) throws Exception {
        switch (way) {
            case 0 ->
                assertThat(bytes("/testkit/screenshot?bytes=" + (50_000 + seed) + "&seed=" + seed))
                        .isEqualTo(TestEndpoints.noise(50_000 + seed, seed));
            case 1 -> {
                byte[] body = TestEndpoints.noise(20_000 + seed, seed);
                JsonNode digest = controlPlane.json(controlPlane
                        .toWolf("wolf-gpu-1", "/testkit/digest")
                        .POST(BodyPublishers.ofByteArray(body))
                        .build());
                assertThat(digest.path("sha256").asText())
                        .isEqualTo(HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
            }
            case 2 -> {
                try (Socket gone = controlPlane.connect()) {
                    RawHttp.write(
                            gone,
                            "GET " + proxied("wolf-gpu-1", "/testkit/screenshot?bytes=3000000&seed=1")
                                    + " HTTP/1.1\r\nHost: x\r\nX-Admin-Token: " + TestControlPlane.ADMIN_TOKEN
                                    + "\r\n\r\n");
                    assertThat(gone.getInputStream().read()).isEqualTo('H');
                }
            }
            case 3 -> {
                try (Socket forwarded = new Socket("127.0.0.1", controlPlane.forwardPort())) {
                    byte[] noise = TestEndpoints.noise(30_000, seed);
                    assertEchoes(
                            forwarded,
                            "GET /testkit/echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
                            noise);
                }
            }
            default ->
                assertThat(bytes("/testkit/pieces?count=3&bytes=1001&pauseMillis=1&seed=" + seed))
                        .isEqualTo(TestEndpoints.noise(3 * 1001, seed));
        }
    }

    private double pickups() throws Exception {
        return controlPlane.metric(
                "wolf_control_plane_http_requests_total{code=\"101\",method=\"GET\",route=\"/api/v1/revdial\"}");
    }

    @Test
    void aWolfOnAUnixSocketIsReachedAgainAfterItsRestart() throws Exception {
        try (var onSocket = FakeWolf.at(folder.resolve("wolf.sock")).start();
                var agent = connect(onSocket)) {
            assertThat(bytes("/testkit/screenshot?bytes=100001&seed=4")).isEqualTo(TestEndpoints.noise(100_001, 4));

            onSocket.restart();

            assertThat(bytes("/testkit/screenshot?bytes=100001&seed=5")).isEqualTo(TestEndpoints.noise(100_001, 5));
            assertThat(agent.output()).contains("Connected to");
        }
    }

    @Test
    void eachEventArrivesBeforeTheNextIsSent() throws Exception {
        try (var agent = connect(wolf)) {
            var response = controlPlane.send(
                    controlPlane.toWolf("wolf-gpu-1", "/api/v1/events").build(), BodyHandlers.ofInputStream());
            try (var events = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                eventually("a subscriber at Wolf", () -> wolf.subscribers() == 1);
                for (int i = 0; i < 3; i++) {
                    wolf.emit("Test", JSON.createObjectNode().put("number", i));

                    assertThat(events.readLine()).isEqualTo("event: Test");
                    assertThat(events.readLine()).isEqualTo("data: {\"number\":" + i + "}");
                    assertThat(events.readLine()).isEmpty();
                }
            }
            assertThat(agent.output()).contains("Connected to");
        }
    }

    @Test
    void anUpgradedConnectionAndAForwardedOnePassBytesBothWays() throws Exception {
        byte[] noise = TestEndpoints.noise(1_000_000, 6);
        String upgrade = " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Admin-Token: "
                + TestControlPlane.ADMIN_TOKEN + "\r\n\r\n";
        try (var agent = connect(wolf);
                Socket proxied = controlPlane.connect();
                Socket forwarded = new Socket("127.0.0.1", controlPlane.forwardPort())) {
            assertEchoes(proxied, "GET " + proxied("wolf-gpu-1", "/testkit/echo") + upgrade, noise);
            assertEchoes(forwarded, "GET /testkit/echo" + upgrade, noise);
            assertThat(agent.output()).contains("Connected to");
        }
        eventually("no stream is left", () -> controlPlane.metric("wolf_control_plane_streams_active") == 0);
    }

    @Test
    void aWolfThatRefusesIsPickupFailedWithTheReason() throws Exception {
        try (var agent = connect(wolf)) {
            wolf.stop();
            HttpRequest request =
                    controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build();

            assertThat(controlPlane.error(request)).isEqualTo("502 PickupFailed");
            assertThat(controlPlane.json(request).path("error").path("message").asText())
                    .contains(wolf.local(), "refused");

            wolf.start();
            assertThat(controlPlane.send(request).statusCode()).isEqualTo(200);
            assertThat(agent.output()).contains("Connected to");
        }
    }

    @Test
    void anAgentThatHangsIsADialTimeout() throws Exception {
        controlPlane.close();
        start(Duration.ofSeconds(30), Duration.ofSeconds(1));
        try (var agent = connect(wolf)) {
            agent.signal("STOP");

            assertThat(controlPlane.error(
                            controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build()))
                    .isEqualTo("504 DialTimeout");
        }
    }

    @Test
    void anAgentThatIsKilledIsAReconnectTimeoutAndThenNoConnection() throws Exception {
        controlPlane.close();
        start(Duration.ofSeconds(5), Duration.ofSeconds(30));
        try (var agent = connect(wolf)) {
            HttpRequest request =
                    controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build();
            agent.signal("STOP");
            CompletableFuture<String> error = async(() -> controlPlane.error(request));
            agent.kill();

            assertThat(error.get(60, TimeUnit.SECONDS)).isEqualTo("504 ReconnectTimeout");
            assertThat(controlPlane.error(request)).isEqualTo("503 NoConnection");
        }
    }

    @Test
    void anAgentWithAWrongTokenIsRefused() throws Exception {
        try (var agent = start(wolf, "not-the-token")) {
            eventually("the agent says why", () -> agent.output().contains("Unauthorized"));

            assertThat(controlPlane.error(
                            controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build()))
                    .isEqualTo("503 NoConnection");
            assertThat(agent.output()).doesNotContain("not-the-token");
        }
    }

    @Test
    void anAgentThatGetsSigtermClosesItsConnectionAndExitsWith0() throws Exception {
        try (var agent = connect(wolf)) {
            agent.terminate();

            assertThat(agent.awaitExit()).isZero();
            eventually("the control connection is closed", () -> controlPlane.activeConnections() == 0);
        }
    }

    @Test
    void theRegistryKnowsWhatTheAgentsHeartbeatsSay() throws Exception {
        try (var withGpu = FakeWolf.onLoopback().asHelixFork().start();
                var agent = start(
                        withGpu,
                        Map.of(
                                "RUNNER_TOKEN", TestControlPlane.RUNNER_TOKEN,
                                "WOLF_MAX_SESSIONS", "8",
                                "WOLF_ZONE", "eu-1",
                                "WOLF_LABELS", "gpu=ada,example.com/team="))) {
            eventually("the first heartbeat", () -> instance().has("agentVersion"));
            JsonNode instance = instance();
            assertThat(instance.path("status").asText()).isEqualTo("online");
            assertThat(instance.path("lastHeartbeat").isNull()).isFalse();
            assertThat(instance.path("wolfReachable").asBoolean()).isTrue();
            assertThat(instance.path("activeSessions").asInt(-1)).isZero();
            assertThat(instance.path("maxSessions").asInt()).isEqualTo(8);
            assertThat(instance.path("zone").asText()).isEqualTo("eu-1");
            assertThat(instance.path("labels"))
                    .isEqualTo(JSON.createObjectNode().put("gpu", "ada").put("example.com/team", ""));
            assertThat(instance.path("gpuVendor").asText()).isEqualTo("nvidia");
            assertThat(instance.path("gpuName").asText()).isEqualTo("NVIDIA RTX 4000 SFF Ada Generation");
            assertThat(instance.path("gpuMemoryTotalMb").asInt()).isEqualTo(20_475);
            assertThat(instance.path("wolfHealth").asText()).isEqualTo("healthy");

            withGpu.stop();
            assertThat(controlPlane.error(
                            controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build()))
                    .isEqualTo("502 PickupFailed");
            eventually(
                    "degraded at once", () -> instance().path("status").asText().equals("degraded"));
            assertThat(instance().path("wolfReachable").asBoolean(true)).isFalse();
            assertThat(agent.output()).doesNotContain("registry does not hear");
        }
    }

    private JsonNode instance() throws Exception {
        return controlPlane.json(
                controlPlane.admin("/api/v1/wolf-instances/wolf-gpu-1").build());
    }

    private byte[] bytes(String path) throws Exception {
        return controlPlane
                .send(controlPlane.toWolf("wolf-gpu-1", path).build(), BodyHandlers.ofByteArray())
                .body();
    }

    private static void assertEchoes(Socket socket, String request, byte[] noise) throws Exception {
        RawHttp.write(socket, request);
        InputStream in = socket.getInputStream();
        assertThat(RawHttp.readHead(in)).startsWith("HTTP/1.1 101");
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                socket.getOutputStream().write(noise);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(in.readNBytes(noise.length)).isEqualTo(noise);
        sender.join();
    }

    private ProgramProcess connect(FakeWolf target) throws Exception {
        ProgramProcess agent = start(target, TestControlPlane.RUNNER_TOKEN);
        eventually("the agent is connected", () -> controlPlane.activeConnections() == 1);
        eventually("the agent logs the connection", () -> agent.output().contains("Connected to"));
        return agent;
    }

    private ProgramProcess start(FakeWolf target, String token) throws IOException {
        return start(target, Map.of("RUNNER_TOKEN", token));
    }

    private ProgramProcess start(FakeWolf target, Map<String, String> more) throws IOException {
        var environment = new HashMap<>(more);
        environment.put("HELIX_API_URL", "http://127.0.0.1:" + controlPlane.port());
        environment.put("WOLF_ID", "gpu-1");
        environment.put("WOLF_LOCAL_ADDR", target.local());
        environment.put("AGENT_LISTEN", "127.0.0.1:0");
        environment.put("LC_ALL", "C.UTF-8");
        return ProgramProcess.start(ml.helix.wolf.agent.Main.class, folder, environment);
    }
}

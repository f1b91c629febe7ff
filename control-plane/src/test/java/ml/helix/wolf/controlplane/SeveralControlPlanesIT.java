package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One agent, in a process of its own, with tunnels to two control planes. */
class SeveralControlPlanesIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FakeWolf wolf = FakeWolf.onLoopback().start();
    private final HttpClient http = HttpClient.newHttpClient();
    private final int monitoring = FreePort.choose();
    private final int secondPort = FreePort.choose();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @TempDir
    Path folder;

    SeveralControlPlanesIT() throws IOException {}

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
        http.close();
        wolf.close();
    }

    @Test
    void aControlPlaneThatIsDownOrComesBackDoesNotDisturbTheOther() throws Exception {
        TestControlPlane first = opened(TestControlPlane.start());
        opened(agent(first));
        eventually("the second is down from the start", () -> row(secondPort).contains("ConnectFailure"));
        assertThat(status().path("state").asText()).isEqualTo("Disconnected");
        assertThat(status().path("controlPlane").asText()).isEqualTo("http://127.0.0.1:" + secondPort);
        eventually("requests pass through the first", () -> asks(first));
        assertThat(get("/readyz").statusCode()).as("one tunnel is enough").isEqualTo(200);

        TestControlPlane second = second(TestControlPlane.RUNNER_TOKEN);
        eventually("both are up", () -> status().path("state").asText().equals("Connected"));
        eventually("requests pass through the second", () -> asks(second));
        assertThat(asks(first)).isTrue();
        for (TestControlPlane each : List.of(first, second)) {
            eventually("each hears heartbeats", () -> each.json(
                            each.admin("/api/v1/wolf-instances/wolf-gpu-1").build())
                    .has("agentVersion"));
        }
        assertThat(get("/metrics").body())
                .contains("wolf_tunnel_connected{control_plane=\"http://127.0.0.1:" + first.port() + "\"} 1")
                .contains("wolf_tunnel_connected{control_plane=\"http://127.0.0.1:" + secondPort + "\"} 1");

        second.close();
        eventually("the loss is seen", () -> row(secondPort).startsWith("Disconnected"));
        assertThat(asks(first)).isTrue();
        assertThat(row(first.port())).isEqualTo("Connected 1 ");

        TestControlPlane again = second(TestControlPlane.RUNNER_TOKEN);
        eventually("requests pass again", () -> asks(again));
        assertThat(row(first.port())).as("was up all the time").isEqualTo("Connected 1 ");
    }

    @Test
    void aTokenThatOneControlPlaneRefusesIsAcceptedByTheOther() throws Exception {
        TestControlPlane first = opened(TestControlPlane.start());
        TestControlPlane second = second("another-runner-token-of-tests");
        ProgramProcess agent = opened(agent(first));

        eventually("the second refuses it", () -> row(secondPort).equals("Disconnected 0 Unauthorized"));
        eventually("requests pass through the first", () -> asks(first));
        assertThat(second.activeConnections()).isZero();
        eventually("the log says which", () -> agent.output()
                .contains("Not connected to http://127.0.0.1:" + secondPort + ", Unauthorized"));
        assertThat(agent.output()).doesNotContain(TestControlPlane.RUNNER_TOKEN);
    }

    @Test
    void sigtermLetsTheStreamsOfAllControlPlanesEndAndClosesEachConnection() throws Exception {
        TestControlPlane first = opened(TestControlPlane.start());
        TestControlPlane second = second(TestControlPlane.RUNNER_TOKEN);
        ProgramProcess agent = opened(agent(first));
        List<CompletableFuture<HttpResponse<byte[]>>> responses = new ArrayList<>();
        for (TestControlPlane each : List.of(first, second)) {
            eventually("requests pass", () -> asks(each));
            responses.add(async(() -> each.send(
                    each.toWolf("wolf-gpu-1", "/testkit/pieces?count=10&bytes=4001&pauseMillis=200&seed=2")
                            .build(),
                    BodyHandlers.ofByteArray())));
        }
        eventually("both streams run", () -> status().path("streamsActive").asInt() == 2);

        agent.terminate();

        for (CompletableFuture<HttpResponse<byte[]>> response : responses) {
            assertThat(response.get(60, TimeUnit.SECONDS).body()).isEqualTo(TestEndpoints.noise(10 * 4001, 2));
        }
        assertThat(agent.awaitExit()).isZero();
        for (TestControlPlane each : List.of(first, second)) {
            eventually("each connection is closed", () -> each.activeConnections() == 0);
        }
    }

    private <T extends AutoCloseable> T opened(T one) {
        opened.add(one);
        return one;
    }

    private TestControlPlane second(String token) throws Exception {
        return opened(TestControlPlane.withTokens(
                token,
                TestControlPlane.ADMIN_TOKEN,
                StoreSettings.inMemory(UUID.randomUUID().toString()),
                "-pool",
                "0",
                "-listen",
                "127.0.0.1:" + secondPort));
    }

    private ProgramProcess agent(TestControlPlane first) throws IOException {
        return ProgramProcess.start(
                ml.helix.wolf.agent.Main.class,
                folder,
                Map.of(
                        "HELIX_API_URL",
                        "http://127.0.0.1:" + first.port() + ",http://127.0.0.1:" + secondPort + "/",
                        "RUNNER_TOKEN",
                        TestControlPlane.RUNNER_TOKEN,
                        "WOLF_ID",
                        "gpu-1",
                        "WOLF_LOCAL_ADDR",
                        wolf.local(),
                        "AGENT_LISTEN",
                        "127.0.0.1:" + monitoring,
                        "RECONNECT_SECONDS",
                        "1",
                        "LC_ALL",
                        "C.UTF-8"));
    }

    private static boolean asks(TestControlPlane controlPlane) throws Exception {
        return controlPlane
                        .send(controlPlane.toWolf("wolf-gpu-1", "/api/v1/apps").build())
                        .statusCode()
                == 200;
    }

    /** State, connects and the last error's reason of the control plane with this port; "" while there is no status. */
    private String row(int port) throws Exception {
        for (JsonNode row : status().path("controlPlanes")) {
            if (row.path("url").asText().equals("http://127.0.0.1:" + port)) {
                return row.path("state").asText() + " " + row.path("connects").asInt() + " "
                        + row.path("lastError").path("reason").asText();
            }
        }
        return "";
    }

    private JsonNode status() throws Exception {
        try {
            return JSON.readTree(get("/status").body());
        } catch (ConnectException e) {
            return JSON.createObjectNode(); // the agent is starting
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + monitoring + path))
                        .build(),
                BodyHandlers.ofString());
    }
}

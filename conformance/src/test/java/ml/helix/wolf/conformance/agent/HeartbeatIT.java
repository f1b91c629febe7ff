package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.HttpHead;
import ml.helix.wolf.testkit.FakeProxy;
import ml.helix.wolf.testkit.FakeWolf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** docs/protocol.md, "Heartbeats": what the registry hears, when, and that the tunnel never depends on it. */
class HeartbeatIT extends AgentSpec {
    private final FakeWolf wolfWithGpu = FakeWolf.onLoopback().asHelixFork();

    @AfterEach
    void closeWolf() {
        wolfWithGpu.close();
    }

    @Test
    void theFirstComesAtOnceWithTheTokenToTheIdsOwnPathAndSaysWhatWolfTells() throws Exception {
        wolfWithGpu.start();
        startWith(
                Map.of("RUNNER_TOKEN", TOKEN, "WOLF_LABELS", "gpu=ada,example.com/team=", "WOLF_ZONE", "eu-1"),
                List.of(
                        "-api-url",
                        "http://" + server.authority() + "/helix",
                        "-runner-id",
                        "a b/ü+%",
                        "-local",
                        wolfWithGpu.local(),
                        "-max-sessions",
                        "8",
                        "-register=true"));
        accepted();
        Connection heartbeat = server.heartbeat();
        HttpHead head = heartbeat.head();
        assertThat(head.start()).isEqualTo("POST /helix/api/v1/wolf-instances/a%20b%2F%C3%BC%2B%25/heartbeat HTTP/1.1");
        assertThat(head.header("Host")).contains(server.authority());
        assertThat(head.header("Authorization")).contains("Bearer " + TOKEN);
        assertThat(head.header("Content-Type")).contains("application/json");
        JsonNode said = JSON.readTree(heartbeat.body());
        assertThat(said.path("agentVersion").asText()).isNotEmpty();
        assertThat(said.toString()).contains("""
                "wolfReachable":true,"activeSessions":0,"maxSessions":8,"zone":"eu-1",\
                "labels":{"example.com/team":"","gpu":"ada"},"agentVersion":""");
        assertThat(said.path("gpuVendor").asText()).isEqualTo("nvidia");
        assertThat(said.path("gpuName").asText()).isEqualTo("NVIDIA RTX 4000 SFF Ada Generation");
        assertThat(said.path("gpuUtilizationPercent").asDouble()).isEqualTo(4);
        assertThat(said.path("gpuMemoryUsedMb").asInt()).isEqualTo(812);
        assertThat(said.path("gpuMemoryTotalMb").asInt()).isEqualTo(20_475);
        assertThat(said.path("gpuTemperatureCelsius").asDouble()).isEqualTo(41);
        assertThat(said.path("encoderSessions").isInt()).isTrue();
        assertThat(said.path("wolfHealth").asText()).isEqualTo("healthy");
        heartbeat.answer(200);
    }

    @Test
    void aWolfThatIsGoneIsSaidAtOnce() throws Exception {
        wolfWithGpu.start();
        Connection control = connected("-local", wolfWithGpu.local(), "-register=true");
        Connection first = server.heartbeat();
        assertThat(JSON.readTree(first.body()).path("wolfReachable").asBoolean())
                .isTrue();
        first.answer(204);
        wolfWithGpu.stop();
        String path = newPath();
        control.connReady(path);
        assertThat(pickupFailure(control, path)).contains("not reachable");
        Connection next = server.heartbeat();
        JsonNode said = JSON.readTree(next.body());
        assertThat(said.path("wolfReachable").asBoolean(true)).isFalse();
        assertThat(said.has("activeSessions"))
                .as("what isn't known is left out")
                .isFalse();
        assertThat(said.has("gpuName")).isFalse();
    }

    @Test
    void aServerWithoutARegistryHearsOneForEachControlConnection() throws Exception {
        wolf.echoing();
        InProcessAgent agent = start("-register=true");
        Connection control = accepted();
        server.heartbeat().answer(404);
        assertServes(control);
        control.send(Frame.close(1001, ""));
        control.end();
        Connection again = accepted();
        Connection second = server.heartbeat();
        assertThat(server.hasUntakenHeartbeat()).isFalse();
        second.answer(405);
        assertServes(again);
        assertThat(agent.status().path("state").asText()).isEqualTo("Connected");
    }

    @Test
    void aRegistryThatNeverAnswersOrAnswersNonsenseDisturbsNoStream() throws Exception {
        wolf.echoing();
        InProcessAgent agent = start("-register=true");
        Connection control = accepted();
        Connection unanswered = server.heartbeat();
        for (int i = 0; i < 3; i++) {
            control.connReady(newPath());
            Connection data = server.data().accept().binary("echo");
            assertThat(data.read(4)).isEqualTo(bytes("echo"));
            data.close();
        }
        unanswered.raw("nonsense\r\n\r\n").close();
        assertServes(control);
        assertThat(agent.status().path("connects").asInt()).isEqualTo(1);
        assertThat(agent.status().path("lastError").isNull()).isTrue();
    }

    @Test
    void aHeartbeatTakesTheControlConnectionsWayThroughTheProxy() throws Exception {
        wolf.echoing();
        try (FakeProxy proxy = FakeProxy.open()) {
            connected("-proxy", "http://127.0.0.1:" + proxy.port(), "-register=true");
            server.heartbeat().answer(204);
            assertThat(proxy.heads()).hasSize(2).allSatisfy(head -> assertThat(head)
                    .startsWith("CONNECT " + server.authority() + " HTTP/1.1"));
        }
    }

    @Test
    void withRegisterFalseNoneIsSent() throws Exception {
        wolf.echoing();
        Connection control = connected("-register=false");
        assertServes(control);
        assertThat(server.hasUntakenHeartbeat()).isFalse();
    }
}

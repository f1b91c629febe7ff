package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 4: what holds for all paths, and the paths that belong to no other class here. */
class HttpApiIT extends ControlPlaneSpec {
    private static final String INSTANCES = "/api/v1/wolf-instances";
    private static final String STATS = "/api/v1/revdial/stats";

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz"})
    void healthIsOpen(String path) throws Exception {
        start();
        assertThat(requestWith(path).get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                STATS,
                INSTANCES,
                INSTANCES + "/" + ID,
                INSTANCES + "/" + ID + "/proxy/x",
                "/api/v1/wolf/x",
                "/api/v1/capacity",
                "/api/v1/openapi.json",
                "/metrics"
            })
    void everythingElseWantsTheAdminTokenInEitherField(String path) throws Exception {
        start();
        assertError(requestWith(path), 401, "Unauthorized");
        assertError(requestWith(path, "Authorization", "Bearer " + RUNNER_TOKEN), 401, "Unauthorized");
        for (String[] field :
                new String[][] {{"Authorization", "Bearer " + ADMIN_TOKEN}, {"X-Admin-Token", ADMIN_TOKEN}}) {
            assertThat(requestWith(path, field).get(30, TimeUnit.SECONDS).statusCode())
                    .as(field[0])
                    .isNotEqualTo(401);
        }
    }

    @Test
    void theAdminTokenNeverReachesWolfAndItsOwnFieldLeavesAuthorizationToWolf() throws Exception {
        start();
        ServingAgent agent = ServingAgent.connect(this, ID, ServingAgent.responding(this));
        String path = INSTANCES + "/" + ID + "/proxy/x";
        requestWith(path, "Authorization", "Bearer " + ADMIN_TOKEN).get(30, TimeUnit.SECONDS);
        assertThat(agent.nextRequest()).doesNotContain(ADMIN_TOKEN).doesNotContain("Authorization");
        requestWith(path, "X-Admin-Token", ADMIN_TOKEN, "Authorization", "Basic Zm9yIFdvbGY=")
                .get(30, TimeUnit.SECONDS);
        assertThat(agent.nextRequest())
                .contains("Authorization: Basic Zm9yIFdvbGY=\r\n")
                .doesNotContain(ADMIN_TOKEN)
                .doesNotContain("X-Admin-Token");
    }

    @Test
    void wolfSeesLocalhostAndWhoAsked() throws Exception {
        start();
        ServingAgent agent = ServingAgent.connect(this, ID, ServingAgent.responding(this));
        call(ID, "x").get(30, TimeUnit.SECONDS);
        assertThat(agent.nextRequest())
                .contains("\r\nHost: localhost\r\n")
                .contains("\r\nX-Forwarded-For: 127.0.0.1\r\n")
                .contains("\r\nX-Forwarded-Proto: http\r\n")
                .contains("\r\nX-Forwarded-Host: 127.0.0.1:");
    }

    @Test
    void statisticsAreFourNumbers() throws Exception {
        start();
        connect(ID);
        Connection lost = connect("wolf-lost");
        lost.reset();
        Waiting.until(
                "it is in grace", () -> get(STATS).path("gracePeriodEntries").asInt() == 1);
        call("wolf-lost", "x");
        call("wolf-lost", "y");
        Waiting.until(
                "both dials wait", () -> get(STATS).path("pendingDialsTotal").asInt() == 2);
        assertThat(get(STATS)).isEqualTo(JSON.readTree("""
                {"activeConnections":1,"gracePeriodEntries":1,"pendingDialsTotal":2,"pendingDialsPerKey":1}"""));
        assertThat(get(STATS + "?scope=local")).isEqualTo(get(STATS));
    }

    @Test
    void twoAgentsThatDisplaceOneAnotherAreDisplacedInTheRegistry() throws Exception {
        start();
        Connection one = connectAs("a1");
        Connection other = connectAs("b2");
        giveWay(one);
        assertThat(get(INSTANCES + "/" + ID).path("displaced").asBoolean())
                .as("it may have been a reconnect")
                .isFalse();
        connectAs("a1");
        giveWay(other);
        Waiting.until(
                "it is displaced",
                () -> get(INSTANCES + "/" + ID).path("displaced").asBoolean());
    }

    private Connection connectAs(String instance) throws Exception {
        Connection control = open(
                agent().with("Authorization: Bearer " + RUNNER_TOKEN, "Wolf-Agent-Instance: " + instance),
                CONTROL + ID);
        control.line();
        return control;
    }

    /** Answers its close, as an agent does. */
    private static void giveWay(Connection control) throws Exception {
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(4001);
        control.send(Frame.close(4001, ""));
        control.end();
    }

    @Test
    void theDescriptionIsOpenApi31AndHasEachPath() throws Exception {
        start();
        JsonNode description = get("/api/v1/openapi.json");
        assertThat(description.path("openapi").asText()).startsWith("3.1.");
        assertThat(description.path("paths").propertyStream().map(Map.Entry::getKey))
                .contains(
                        "/api/v1/revdial",
                        STATS,
                        INSTANCES,
                        INSTANCES + "/{id}",
                        INSTANCES + "/{id}/heartbeat",
                        INSTANCES + "/{id}/drain",
                        INSTANCES + "/{id}/undrain",
                        INSTANCES + "/{id}/proxy/{path}",
                        "/api/v1/wolf/{path}",
                        "/api/v1/capacity",
                        "/api/v1/openapi.json",
                        "/livez",
                        "/readyz",
                        "/metrics",
                        "/");
    }

    @Test
    void metricsAreForPrometheus() throws Exception {
        start();
        HttpResponse<String> metrics = request("/metrics", ADMIN_TOKEN).get(30, TimeUnit.SECONDS);
        assertThat(metrics.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(metrics.body()).contains("# TYPE wolf_control_plane_connected_agents gauge\n");
    }

    @Test
    void thePageShowsNothingBeforeItHasAToken() throws Exception {
        start();
        connect(ID);
        HttpResponse<String> page = requestWith("/").get(30, TimeUnit.SECONDS);
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/html");
        assertThat(page.body()).contains("type=\"password\"").doesNotContain(ID);
    }

    @Test
    void errorsAreJsonAndSayWhatIsWrong() throws Exception {
        start();
        assertError(request("/api/v1/nothing", ADMIN_TOKEN), 404, "NotFound");
        HttpResponse<String> wrongMethod = send(ADMIN_TOKEN, "DELETE", "/api/v1/capacity", "");
        assertThat(wrongMethod.statusCode()).isEqualTo(405);
        assertThat(wrongMethod.headers().firstValue("Allow")).contains("GET, HEAD, OPTIONS");
        assertThat(JSON.readTree(wrongMethod.body()).at("/error/code").asText()).isEqualTo("MethodNotAllowed");
        HttpResponse<String> tooLarge =
                send(ADMIN_TOKEN, "POST", INSTANCES, "{'id':'" + "x".repeat(1024 * 1024) + "'}");
        assertThat(tooLarge.statusCode()).isEqualTo(413);
        assertThat(JSON.readTree(tooLarge.body()).at("/error/message").asText()).isNotEmpty();
    }

    @Test
    void tokenFilesAreReadAgainWhenTheyChange(@TempDir Path folder) throws Exception {
        Path runners = Files.writeString(folder.resolve("runners"), RUNNER_TOKEN + "-before\n");
        Path admins = Files.writeString(folder.resolve("admins"), ADMIN_TOKEN + "-before\n");
        startWith(Map.of(), "-runner-token-file", runners.toString(), "-admin-token-file", admins.toString());
        assertThat(open(agent(), CONTROL + ID).head().status()).isEqualTo(401);
        Files.writeString(runners, "lab " + RUNNER_TOKEN + " wolf-gpu-*\n");
        Files.writeString(admins, "ops " + ADMIN_TOKEN + "\n");
        Waiting.until(
                "the new runner token is accepted",
                () -> open(agent(), CONTROL + ID).head().status() == 101);
        Waiting.until(
                "the new admin token is accepted",
                () -> request(STATS, ADMIN_TOKEN).get(30, TimeUnit.SECONDS).statusCode() == 200);
        assertThat(request(STATS, ADMIN_TOKEN + "-before")
                        .get(30, TimeUnit.SECONDS)
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void aStoreInAFileKeepsTheRegistryOverARestart(@TempDir Path folder) throws Exception {
        String store = "jdbc:h2:file:" + folder.resolve("registry");
        start("-store", store);
        send(ADMIN_TOKEN, "PUT", INSTANCES + "/" + ID, "{'zone':'eu-1','maxSessions':8}");
        send(ADMIN_TOKEN, "POST", INSTANCES + "/" + ID + "/drain", "");
        closeAll();
        start("-store", store);
        JsonNode instance = get(INSTANCES + "/" + ID);
        assertThat(instance.path("zone").asText()).isEqualTo("eu-1");
        assertThat(instance.path("maxSessions").asInt()).isEqualTo(8);
        assertThat(instance.path("draining").asBoolean()).isTrue();
        assertThat(instance.path("status").asText()).isEqualTo("offline");
    }

    @Test
    void aForwardIsADialForEachConnection() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        for (String text : new String[] {"one", "other"}) {
            var caller = connectToForward();
            caller.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            Connection data = pickUp(awaitConnReady(control));
            assertThat(new String(data.read(text.length()), StandardCharsets.UTF_8))
                    .isEqualTo(text);
            data.binary("back");
            assertThat(new String(caller.getInputStream().readNBytes(4), StandardCharsets.UTF_8))
                    .isEqualTo("back");
        }
    }

    private JsonNode get(String path) throws Exception {
        return JSON.readTree(send(ADMIN_TOKEN, "GET", path, "").body());
    }
}

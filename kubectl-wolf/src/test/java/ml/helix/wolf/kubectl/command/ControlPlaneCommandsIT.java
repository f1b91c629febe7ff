package ml.helix.wolf.kubectl.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import ml.helix.wolf.agent.Agent;
import ml.helix.wolf.agent.AgentSettings;
import ml.helix.wolf.controlplane.ControlPlane;
import ml.helix.wolf.controlplane.ControlPlaneSettings;
import ml.helix.wolf.kubectl.controlplane.Endpoint;
import ml.helix.wolf.kubectl.controlplane.PortForward;
import ml.helix.wolf.kubectl.controlplane.Reach;
import ml.helix.wolf.kubectl.controlplane.Trust;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a control plane, an agent, and a Wolf. */
class ControlPlaneCommandsIT {
    private static final String RUNNER_TOKEN = "runner-token-of-the-plugins-tests";
    private static final String ADMIN_TOKEN = "admin-token-of-the-plugins-tests";
    private static final String READER_TOKEN = "reader-token-of-the-plugins-tests";

    private static FakeWolf wolf;
    private static ControlPlane controlPlane;
    private static Agent agent;
    private static Map<String, String> environment;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws Exception {
        wolf = FakeWolf.onLoopback().start();
        Map<String, String> tokens = Map.of(
                "RUNNER_TOKEN", RUNNER_TOKEN, "ADMIN_TOKEN", "ops " + ADMIN_TOKEN + "\nlook " + READER_TOKEN + " read");
        controlPlane = ControlPlane.start(ControlPlaneSettings.read(
                Settings.read(
                        ControlPlaneSettings.PROGRAM,
                        new String[] {"-listen", "127.0.0.1:0", "-store", "jdbc:h2:mem:plugin"},
                        tokens),
                tokens));
        String url = "http://127.0.0.1:" + controlPlane.port();
        environment = Map.of("WOLF_CONTROL_PLANE", url, "WOLF_ADMIN_TOKEN", ADMIN_TOKEN);
        Map<String, String> runner = Map.of("RUNNER_TOKEN", RUNNER_TOKEN);
        agent = new Agent(AgentSettings.of(
                Settings.read(
                        AgentSettings.PROGRAM,
                        new String[] {"-api-url", url, "-wolf-id", "gpu-1", "-local", wolf.local(), "-listen", "off"},
                        runner),
                runner));
        agent.start();
        Waiting.until(
                "the agent is connected",
                () -> run("curl", "wolf-gpu-1", "/api/v1/apps").status() == 0);
    }

    @AfterAll
    static void stop() {
        agent.close();
        controlPlane.close();
        wolf.close();
    }

    private static Ran run(String... arguments) {
        return Ran.plugin(environment, arguments);
    }

    private static ml.helix.wolf.kubectl.controlplane.ControlPlane client(String token) throws Exception {
        var endpoint = Endpoint.of("http://127.0.0.1:" + controlPlane.port());
        return new ml.helix.wolf.kubectl.controlplane.ControlPlane(
                endpoint, Reach.directly(endpoint), Trust.ofTheSystem(), Secret.of(token));
    }

    @Test
    void curlPrintsWhatWolfAnswers() {
        Ran ran = run("curl", "wolf-gpu-1", "/api/v1/apps");

        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("\"success\":true");
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void curlSendsABodyFromStandardInput() {
        Ran ran = Ran.withInput(environment, "{}", "curl", "wolf-gpu-1", "/api/v1/sessions/stop", "-d", "@-", "-i");

        assertThat(ran.out()).startsWith("HTTP/1.1 ").contains("\"success\":false");
    }

    @Test
    void aStatusOfWolfIsAFailureOnlyIfThatIsAskedFor() {
        assertThat(run("curl", "wolf-gpu-1", "/no/such/path").status()).isZero();
        assertThat(run("curl", "wolf-gpu-1", "/no/such/path", "-f").status()).isEqualTo(1);
    }

    @Test
    void anUnknownIdNamesTheNearOnes() {
        for (String[] command :
                List.of(new String[] {"curl", "wolf-gpu-l", "/"}, new String[] {"drain", "gpu-1"}, new String[] {
                    "port-forward", "wolf-gpu-2", "0"
                })) {
            Ran ran = run(command);

            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.err()).contains("Did you mean wolf-gpu-1?");
        }
    }

    @Test
    void aDrainIsSaidToTheControlPlane() {
        assertThat(run("drain", "wolf-gpu-1").out()).startsWith("wolf-gpu-1 drains: ");
        assertThat(run("drain", "wolf-gpu-1", "-o", "json").out()).contains("\"draining\" : true");
        assertThat(run("undrain", "wolf-gpu-1").out()).isEqualTo("wolf-gpu-1 takes new sessions again\n");
    }

    @Test
    void instancesAreShownWithoutACluster() {
        Ran ran = run("--kubeconfig", "/no/such/file", "tunnels", "--instances");

        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("wolf-gpu-1", "online");
        assertThat(ran.err()).contains("only what the control plane says");
    }

    @Test
    void aWrongTokenIsNamedAndNeverPrinted() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), RUNNER_TOKEN + "\n");
        Ran wrong = run("drain", "wolf-gpu-1", "--token-file", file.toString());

        assertThat(wrong.status()).isEqualTo(1);
        assertThat(wrong.err())
                .contains("does not accept the admin token (401)")
                .doesNotContain(RUNNER_TOKEN);
    }

    @Test
    void aTokenThatMayOnlyLookIsToldApart() {
        var reader = new HashMap<>(environment);
        reader.put("WOLF_ADMIN_TOKEN", READER_TOKEN);

        assertThat(Ran.plugin(reader, "drain", "wolf-gpu-1").err()).contains("403 ReadOnly");
        assertThat(Ran.plugin(reader, "curl", "wolf-gpu-1", "/").err()).contains("403 ReadOnly");
    }

    @Test
    void aWolfThatIsDownIsTheAgentsReason() {
        wolf.stop();
        try {
            Ran ran = run("curl", "wolf-gpu-1", "/api/v1/apps");

            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.err()).contains("wolf-gpu-1: PickupFailed (502)");
        } finally {
            wolf.start();
        }
    }

    @Test
    void aForwardedPortServesSeveralCallersAtOnceAndLeavesAuthorizationToWolf() throws Exception {
        try (var forward = PortForward.listen(0, client(ADMIN_TOKEN), "wolf-gpu-1", line -> {});
                var http = HttpClient.newHttpClient()) {
            Thread.ofVirtual().start(() -> {
                try {
                    forward.run();
                } catch (ml.helix.wolf.kubectl.failure.Failure e) {
                    throw new AssertionError(e);
                }
            });
            List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 16)
                    .mapToObj(
                            i -> http.sendAsync(request(forward, "/api/v1/apps").build(), BodyHandlers.ofString()))
                    .toList();

            for (var answer : answers) {
                assertThat(Waiting.result(answer).body()).contains("\"success\":true");
            }
        }
    }

    @Test
    void aForwardedPortIsNotForWebPages() throws Exception {
        try (var forward = PortForward.listen(0, client(ADMIN_TOKEN), "wolf-gpu-1", line -> {});
                var http = HttpClient.newHttpClient()) {
            Thread.ofVirtual().start(() -> {
                try {
                    forward.run();
                } catch (ml.helix.wolf.kubectl.failure.Failure e) {
                    throw new AssertionError(e);
                }
            });
            var foreign = request(forward, "/api/v1/apps").header("Origin", "https://example.com");

            assertThat(http.send(foreign.build(), BodyHandlers.ofString()).statusCode())
                    .isEqualTo(403);
        }
    }

    private static HttpRequest.Builder request(PortForward forward, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + forward.port() + path));
    }
}

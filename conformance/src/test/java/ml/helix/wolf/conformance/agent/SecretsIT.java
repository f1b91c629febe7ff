package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.agent.AgentSettings;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.testkit.FakeProxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The agent never prints its token. Real processes log at the most detailed level, and a server that knows the token
 * sends it back wherever it can. {@link ml.helix.wolf.conformance.secrets.SecretLeakExtension} searches the output of this
 * module's other tests.
 */
class SecretsIT extends AgentSpec {

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "text,HTTP/1.1 401 SECRET|WWW-Authenticate: SECRET|Retry-After: SECRET||SECRET",
        "json,HTTP/1.1 302 SECRET|Location: http://SECRET@elsewhere/SECRET||",
        "text,SECRET||",
        "json,HTTP/1.1 101 SECRET|Upgrade: SECRET|Sec-WebSocket-Accept: SECRET|Sec-WebSocket-Protocol: SECRET||"
    })
    void aRefusalThatSendsTheTokenBackIsNotRepeated(String format, String answer) throws Exception {
        try (AgentProcess agent = run(Map.of("RUNNER_TOKEN", TOKEN), "-log-level", "trace", "-log-format", format)) {
            server.control().raw(answer.replace("|", "\r\n").replace("SECRET", TOKEN));
            agent.awaitUp();
            agent.await(status -> status.path("lastError").isObject(), "error");
            assertNoSecretPrinted(agent);
        }
    }

    @Test
    void aServerThatSendsTheTokenBackFindsItNowhere() throws Exception {
        wolf.expectProbe();
        try (AgentProcess agent = run(Map.of("RUNNER_TOKEN", TOKEN), "-log-level", "trace", "-local", wolf.address())) {
            accepted().line("not JSON: " + TOKEN).end();
            wolf.awaitProbe();
            accepted()
                    .line("{\"command\":\"" + TOKEN + "\"}")
                    .send(Frame.close(1011, TOKEN))
                    .close();
            Connection control = accepted();
            control.connReady("//" + TOKEN + "@elsewhere/");
            control.line();
            control.connReady("/revdial?revdial.dialer=" + TOKEN);
            server.data().raw("HTTP/1.1 500 " + TOKEN + "\r\nSet-Cookie: " + TOKEN + "\r\n\r\n");
            assertThat(control.line().replace("revdial.dialer=" + TOKEN, "")).doesNotContain(TOKEN);
            wolf.next();
            StreamEnds stream = openStream(control);
            stream.atServer().binary(TOKEN);
            stream.atWolf().read(TOKEN.length());
            stream.atWolf().write(bytes(TOKEN)).close();
            stream.atServer().end();
            assertNoSecretPrinted(agent);
            agent.process.terminate();
            assertThat(agent.process.awaitExit()).isZero();
            assertThat(agent.process.output()).contains("wolf-gpu-1").satisfies(SecretsIT::assertNoSecretIn);
        }
    }

    @Test
    void neitherATokenFilesContentNorItsFaultsArePrinted() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), TOKEN);
        try (AgentProcess agent = run(Map.of(), "-log-level", "trace", "-token-file", file.toString())) {
            Connection refused = server.control();
            // before the answer: after it the agent may connect again at any moment, and would wait for an answer
            Files.writeString(file, TOKEN + " and more\r\nInjected: " + TOKEN);
            refused.answer(401);
            agent.awaitUp();
            agent.await(
                    status -> status.path("lastError").path("message").asText().contains("can't be used"), "bad file");
            assertNoSecretPrinted(agent);
            Files.writeString(file, TOKEN);
            accepted();
            assertNoSecretPrinted(agent);
        }
    }

    @Test
    void aProxysPasswordIsNotPrinted() throws Exception {
        try (FakeProxy proxy = FakeProxy.forwardingTo(server.address())) {
            proxy.refuse("407 " + TOKEN + "\r\nProxy-Authenticate: Basic realm=\"" + TOKEN + "\"");
            try (AgentProcess agent = run(
                    Map.of("RUNNER_TOKEN", TOKEN, "HTTP_PROXY", "http://agent:" + TOKEN + "@127.0.0.1:" + proxy.port()),
                    "-log-level",
                    "trace")) {
                agent.awaitUp();
                awaitReason(agent, "ProxyFailure");
                assertNoSecretPrinted(agent);
                proxy.refuse("");
                accepted();
                assertNoSecretPrinted(agent);
            }
        }
    }

    @Test
    void theProcessTitleHasNoToken() throws Exception {
        try (AgentProcess agent = run(Map.of("RUNNER_TOKEN", TOKEN))) {
            accepted();
            assertThat(agent.process.proc("cmdline"))
                    .contains("ml.helix.wolf.agent.Main")
                    .satisfies(SecretsIT::assertNoSecretIn);
            assertThat(agent.process.proc("comm")).satisfies(SecretsIT::assertNoSecretIn);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-token kit-s3cr3t\u00e4",
                "-token=kit-s3cr3t\u00e4",
                "-tokne kit-s3cr3t",
                "-tokne=kit-s3cr3t",
                "--Token kit-s3cr3t",
                "-token kit-s3cr3t and kit-s3cr3t-more",
                "kit-s3cr3t",
                "-api-url https://user:kit-s3cr3t@helix.example.com",
                "-api-url https://kit-s3cr3t@[broken",
                "-proxy http://user:kit-s3cr3t@pro%xy:3128",
                "-proxy ftp://user:kit-s3cr3t@proxy:3128",
                "-proxy http://user:kit-s3cr3t@proxy:99999"
            })
    void badUsageIsNamedWithoutRepeatingASecret(String flags) {
        Settings given = Settings.read(AgentSettings.PROGRAM, flags.split(" "), Map.of());
        assertThatThrownBy(() -> AgentSettings.of(given, Map.of()))
                .isInstanceOfSatisfying(UsageException.class, bad -> {
                    assertNoSecretIn(bad.report(AgentSettings.PROGRAM));
                    assertNoSecretIn(bad.toString());
                    for (Throwable cause = bad; cause != null; cause = cause.getCause()) {
                        assertNoSecretIn(cause.toString());
                    }
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"table", "json"})
    void theDoctorTellsNoSecret(String output) throws Exception {
        try (FakeProxy proxy = FakeProxy.forwardingTo(server.address())) {
            proxy.refuse("407 " + TOKEN);
            try (AgentProcess doctor = run(
                    Map.of("RUNNER_TOKEN", TOKEN, "HTTP_PROXY", "http://agent:" + TOKEN + "@127.0.0.1:" + proxy.port()),
                    "-o",
                    output,
                    "doctor")) {
                assertThat(doctor.process.awaitExit()).isEqualTo(1);
                assertThat(doctor.process.output())
                        .contains("127.0.0.1:" + proxy.port())
                        .satisfies(SecretsIT::assertNoSecretIn);
            }
        }
        try (AgentProcess doctor = run(Map.of("RUNNER_TOKEN", TOKEN), "-o", output, "doctor")) {
            server.control().raw("HTTP/1.1 401 " + TOKEN + "\r\nX: " + TOKEN + "\r\n\r\n");
            assertThat(doctor.process.awaitExit()).isEqualTo(1);
            assertThat(doctor.process.output()).contains("401").satisfies(SecretsIT::assertNoSecretIn);
        }
    }

    @Test
    void settingsAsTextHaveNoSecret() throws Exception {
        Map<String, String> environment = Map.of("HTTP_PROXY", "http://agent:" + TOKEN + "@proxy:3128");
        String[] flags = {"-api-url", "http://helix", "-wolf-id", "x", "-token", TOKEN};
        var settings = AgentSettings.of(Settings.read(AgentSettings.PROGRAM, flags, environment), environment);
        assertThat(settings.toString()).contains("helix", "proxy:3128").satisfies(SecretsIT::assertNoSecretIn);
        assertThat(settings.tokens().toString()).satisfies(SecretsIT::assertNoSecretIn);
    }

    private AgentProcess run(Map<String, String> environment, String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("-api-url", "http://" + server.authority(), "-wolf-id", "gpu-1"));
        all.addAll(List.of("-reconnect", "1"));
        all.addAll(List.of(flags));
        return AgentProcess.start(folder, environment, all);
    }

    private static void awaitReason(AgentProcess agent, String reason) {
        agent.await(status -> status.path("lastError").path("reason").asText().equals(reason), "reason " + reason);
    }

    private static void assertNoSecretPrinted(AgentProcess agent) throws Exception {
        assertNoSecretIn(agent.process.output());
        for (String page : List.of("/status", "/readyz", "/livez", "/metrics", "/", "/other")) {
            assertNoSecretIn(agent.body(page));
        }
    }

    private static void assertNoSecretIn(String text) {
        if (Secrets.in(text)) {
            throw new AssertionError("a secret was printed: " + text.replace(Secrets.MARK, "[secret]"));
        }
    }
}

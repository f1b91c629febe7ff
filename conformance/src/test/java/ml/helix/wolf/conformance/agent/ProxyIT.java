package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import ml.helix.wolf.testkit.FakeProxy;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "TLS and proxies": the agent uses CONNECT, for http and https alike. */
class ProxyIT extends AgentSpec {
    private static final String PASSWORD = "kit-s3cr3t:p@ss/word";

    private FakeProxy proxy;

    @BeforeEach
    void openProxy() throws Exception {
        proxy = FakeProxy.forwardingTo(server.address());
    }

    @AfterEach
    void closeProxy() throws Exception {
        proxy.close();
    }

    @Test
    void theControlAndTheDataConnectionsGoThroughIt() throws Exception {
        start("-api-url", "http://helix.invalid:8443", "-proxy", "http://127.0.0.1:" + proxy.port());
        Connection control = accepted();
        assertThat(control.head().header("Host")).hasValue("helix.invalid:8443");
        StreamEnds stream = openStream(control);
        stream.atServer().binary("by proxy");
        assertThat(stream.atWolf().read(8)).isEqualTo(bytes("by proxy"));
        assertThat(proxy.heads())
                .hasSize(2)
                .allMatch(head -> head.startsWith("CONNECT helix.invalid:8443 HTTP/1.1\r\n")
                        && head.contains("\r\nHost: helix.invalid:8443\r\n")
                        && !head.contains("Authorization"));
    }

    @Test
    void theUrlsUserAndPasswordAreBasicCredentials() throws Exception {
        start(
                "-api-url",
                "http://helix.invalid",
                "-proxy",
                "http://ag%40ent:kit-s3cr3t%3Ap%40ss%2Fword@127.0.0.1:" + proxy.port());
        accepted();
        String basic = Base64.getEncoder().encodeToString(("ag@ent:" + PASSWORD).getBytes(StandardCharsets.UTF_8));
        assertThat(proxy.heads().getFirst()).containsOnlyOnce("\r\nProxy-Authorization: Basic " + basic + "\r\n");
    }

    @Test
    void tlsGoesThroughItAndIsStillVerified(@TempDir Path folder) throws Exception {
        TestCertificates known = TestCertificates.in(folder);
        try (ScriptedControlPlane good =
                        ScriptedControlPlane.with(known.server("helix.test").getServerSocketFactory());
                ScriptedControlPlane other =
                        ScriptedControlPlane.with(known.server("other.test").getServerSocketFactory());
                FakeProxy toGood = FakeProxy.forwardingTo(good.address());
                FakeProxy toOther = FakeProxy.forwardingTo(other.address())) {
            startSecure(known, "http://127.0.0.1:" + toGood.port());
            good.control().accept();
            assertThat(toGood.heads().getFirst()).startsWith("CONNECT helix.test:443 HTTP/1.1\r\n");
            startSecure(known, "http://127.0.0.1:" + toOther.port()).awaitReason("TlsFailure");
        }
    }

    private InProcessAgent startSecure(TestCertificates known, String proxyUrl) throws Exception {
        String caFile = known.caFile().toString();
        return start("-api-url", "https://helix.test", "-ca-file", caFile, "-proxy", proxyUrl);
    }

    @Test
    void theProxyItselfMayBeSpokenToByTls(@TempDir Path folder) throws Exception {
        TestCertificates known = TestCertificates.in(folder);
        String caFile = known.caFile().toString();
        try (FakeProxy secure = FakeProxy.forwardingTo(
                server.address(), known.server("proxy.test").getServerSocketFactory())) {
            String proxyUrl = "https://proxy.test:" + secure.port();
            start("-api-url", "http://helix.invalid", "-ca-file", caFile, "-proxy", proxyUrl);
            assertServes(accepted());
        }
    }

    @ParameterizedTest
    @CsvSource({"HTTP_PROXY,http", "http_proxy,http"})
    void theEnvironmentNamesItByTheUrlsScheme(String variable, String scheme) throws Exception {
        start(
                Map.of(variable, "http://127.0.0.1:" + proxy.port(), "HTTPS_PROXY", "http://127.0.0.1:1"),
                "-api-url",
                scheme + "://helix.invalid");
        accepted();
        assertThat(proxy.heads()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "*", "10.0.0.0/8,127.0.0.0/8", "example.com, 127.0.0.1"})
    void noProxyHoldsForTheFlagToo(String noProxy) throws Exception {
        start(Map.of("NO_PROXY", noProxy), "-proxy", "http://127.0.0.1:" + proxy.port());
        accepted();
        assertThat(proxy.heads()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"407", "403", "502", "301"})
    void aRefusalIsAReasonOfItsOwn(int status) throws Exception {
        proxy.refuse(status + " As Scripted\r\nLocation: http://127.0.0.1/");
        InProcessAgent agent = start(
                "-api-url", "http://helix.invalid", "-proxy", "http://agent:kit-s3cr3t@127.0.0.1:" + proxy.port());
        assertThat(agent.awaitReason("ProxyFailure")
                        .path("lastError")
                        .path("message")
                        .asText())
                .contains(String.valueOf(status))
                .doesNotContain("kit-s3cr3t");
        proxy.refuse("");
        accepted();
        agent.awaitState("Connected");
    }

    @Test
    void aProxyThatIsNotThereIsAReasonOfItsOwn() throws Exception {
        start("-api-url", "http://helix.invalid", "-proxy", "http://127.0.0.1:" + FreePort.choose())
                .awaitReason("ProxyFailure");
    }

    @Test
    void aProxyThatRefusesADataConnectionIsThePickupsReason() throws Exception {
        start("-api-url", "http://helix.invalid", "-proxy", "http://agent:kit-s3cr3t@127.0.0.1:" + proxy.port());
        Connection control = accepted();
        proxy.refuse("407 As Scripted");
        String path = newPath();
        control.connReady(path);
        assertThat(pickupFailure(control, path)).contains("407").doesNotContain("kit-s3cr3t");
    }
}

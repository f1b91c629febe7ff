package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Certificates;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Head;
import ml.helix.wolf.conformance.peer.ScriptedProxy;
import ml.helix.wolf.conformance.peer.ScriptedServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 2: an HTTP proxy is asked by CONNECT, for http and https alike. */
class ProxyIT extends AgentSpec {
    private static final String PASSWORD = "kit-s3cr3t:p@ss/word";

    private ScriptedProxy proxy;

    @BeforeEach
    void openProxy() throws Exception {
        proxy = ScriptedProxy.leadingTo(server.address());
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
        Tunnel tunnel = open(control);
        tunnel.remote().binary("by proxy");
        assertThat(tunnel.local().read(8)).isEqualTo(bytes("by proxy"));
        assertThat(proxy.requests())
                .extracting(Head::start)
                .containsExactly("CONNECT helix.invalid:8443 HTTP/1.1", "CONNECT helix.invalid:8443 HTTP/1.1");
        assertThat(proxy.requests()).allSatisfy(request -> {
            assertThat(request.header("Host")).hasValue("helix.invalid:8443");
            assertThat(request.all("Proxy-Authorization")).isEmpty();
            assertThat(request.all("Authorization")).isEmpty();
        });
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
        assertThat(proxy.requests().getFirst().all("Proxy-Authorization")).containsExactly("Basic " + basic);
    }

    @Test
    void tlsGoesThroughItAndIsStillVerified(@TempDir Path folder) throws Exception {
        Certificates known = Certificates.newAuthority(folder, "Known")
                .sign("good", "helix.test", 1, 30)
                .sign("other", "other.test", 1, 30);
        String caFile = known.caFile().toString();
        try (ScriptedServer good = ScriptedServer.with(known.sockets("good"));
                ScriptedServer other = ScriptedServer.with(known.sockets("other"));
                ScriptedProxy toGood = ScriptedProxy.leadingTo(good.address());
                ScriptedProxy toOther = ScriptedProxy.leadingTo(other.address())) {
            start("-api-url", "https://helix.test", "-ca-file", caFile, "-proxy", "http://127.0.0.1:" + toGood.port());
            good.control().accept();
            assertThat(toGood.requests().getFirst().start()).isEqualTo("CONNECT helix.test:443 HTTP/1.1");
            start("-api-url", "https://helix.test", "-ca-file", caFile, "-proxy", "http://127.0.0.1:" + toOther.port())
                    .awaitReason("TlsFailure");
        }
    }

    @Test
    void theProxyItselfMayBeSpokenToByTls(@TempDir Path folder) throws Exception {
        Certificates known = Certificates.newAuthority(folder, "Known").sign("proxy", "proxy.test", 1, 30);
        try (ScriptedProxy secure = ScriptedProxy.leadingTo(server.address(), known.sockets("proxy"))) {
            start(
                    "-api-url",
                    "http://helix.invalid",
                    "-ca-file",
                    known.caFile().toString(),
                    "-proxy",
                    "https://proxy.test:" + secure.port());
            stillServes(accepted());
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
        assertThat(proxy.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "*", "10.0.0.0/8,127.0.0.0/8", "example.com, 127.0.0.1"})
    void noProxyHoldsForTheFlagToo(String noProxy) throws Exception {
        start(Map.of("NO_PROXY", noProxy), "-proxy", "http://127.0.0.1:" + proxy.port());
        accepted();
        assertThat(proxy.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"407", "403", "502", "301"})
    void aRefusalIsAReasonOfItsOwn(int status) throws Exception {
        proxy.answer("HTTP/1.1 " + status + " As Scripted\r\nLocation: http://127.0.0.1/\r\n\r\n");
        RunningAgent agent = start(
                "-api-url", "http://helix.invalid", "-proxy", "http://agent:kit-s3cr3t@127.0.0.1:" + proxy.port());
        assertThat(agent.awaitReason("ProxyFailure")
                        .path("lastError")
                        .path("message")
                        .asText())
                .contains(String.valueOf(status))
                .doesNotContain("kit-s3cr3t");
        proxy.answer("HTTP/1.1 200 OK\r\n\r\n");
        accepted();
        agent.awaitState("Connected");
    }

    @Test
    void aProxyThatIsNotThereIsAReasonOfItsOwn() throws Exception {
        int port = proxy.port();
        proxy.close();
        start("-api-url", "http://helix.invalid", "-proxy", "http://127.0.0.1:" + port)
                .awaitReason("ProxyFailure");
    }

    @Test
    void aProxyThatRefusesADataConnectionIsThePickupsReason() throws Exception {
        start("-api-url", "http://helix.invalid", "-proxy", "http://agent:kit-s3cr3t@127.0.0.1:" + proxy.port());
        Connection control = accepted();
        proxy.answer("HTTP/1.1 407 As Scripted\r\n\r\n");
        String path = newPath();
        control.connReady(path);
        assertThat(failure(control, path)).contains("407").doesNotContain("kit-s3cr3t");
    }
}

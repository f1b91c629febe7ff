package ml.helix.wolf.kubectl.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import ml.helix.wolf.program.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalRequestTest {
    private static LocalRequest request(String... lines) throws IOException {
        byte[] text = (String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        return new LocalRequest(Head.read(new ByteArrayInputStream(text)));
    }

    private static ControlPlane controlPlane() throws Exception {
        var endpoint = Endpoint.of("http://helix.example.com/prefix/");
        return new ControlPlane(
                endpoint, Reach.directly(endpoint), Trust.ofTheSystem(), Secret.of("admin-token-of-the-plugins-tests"));
    }

    @Test
    void pathHostAndTokenAreThoseOfTheControlPlane() throws Exception {
        Head head = request(
                        "POST /api/v1/apps?a=b HTTP/1.1",
                        "Host: 127.0.0.1:9000",
                        "Connection: keep-alive",
                        "X-Admin-Token: of the caller",
                        "Authorization: Bearer for-wolf",
                        "Content-Length: 2")
                .forwarded(controlPlane(), "wolf-gpu/1");

        assertThat(head.start())
                .isEqualTo("POST /prefix/api/v1/wolf-instances/wolf-gpu%2F1/proxy/api/v1/apps?a=b HTTP/1.1");
        assertThat(head.fields())
                .containsExactly(
                        "Host: helix.example.com",
                        "X-Admin-Token: admin-token-of-the-plugins-tests",
                        "Connection: close",
                        "Authorization: Bearer for-wolf",
                        "Content-Length: 2");
    }

    @Test
    void anUpgradeStaysOne() throws Exception {
        Head head = request("GET / HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket")
                .forwarded(controlPlane(), "wolf-gpu-1");

        assertThat(head.fields()).contains("Connection: Upgrade", "Upgrade: websocket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:9000", "localhost", "[::1]:9000"})
    void theLoopbackMayAsk(String host) throws Exception {
        assertThat(request("GET / HTTP/1.1", "Host: " + host, "Origin: http://" + host)
                        .refusal())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example:80"})
    void aNameThatOnlyLeadsHereMayNot(String host) throws Exception {
        assertThat(request("GET / HTTP/1.1", "Host: " + host).refusal()).startsWith("421 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "null"})
    void aWebPageOfAnotherOriginMayNot(String origin) throws Exception {
        assertThat(request("GET / HTTP/1.1", "Host: localhost", "Origin: " + origin)
                        .refusal())
                .startsWith("403 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET http://other/ HTTP/1.1", "nonsense", "GET / HTTP/2.0", "CONNECT a:1 HTTP/1.1"})
    void whatIsNoRequestForAPathIsRefused(String start) throws Exception {
        assertThat(request(start, "Host: localhost").refusal()).startsWith("400 ");
    }
}

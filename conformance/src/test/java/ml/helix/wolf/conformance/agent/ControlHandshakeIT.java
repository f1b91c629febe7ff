package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Control connection": the request with which the agent opens it. */
class ControlHandshakeIT extends AgentSpec {

    @Test
    void asksForRevdialWithItsRunnerId() throws Exception {
        start();
        assertThat(server.control().head().start()).isEqualTo("GET /api/v1/revdial?runnerid=wolf-gpu-1 HTTP/1.1");
    }

    @Test
    void sendsItsTokenAsBearerOnce() throws Exception {
        start();
        assertThat(server.control().head().all("Authorization")).containsExactly("Bearer " + TOKEN);
    }

    @Test
    void isAWebSocketHandshakeAsRfc6455HasIt() throws Exception {
        start();
        Connection first = server.control();
        assertThat(first.head().header("Host")).hasValue(server.authority());
        assertThat(first.head().header("Upgrade").orElseThrow()).isEqualToIgnoringCase("websocket");
        assertThat(first.head().header("Connection").orElseThrow()).containsIgnoringCase("upgrade");
        assertThat(first.head().header("Sec-WebSocket-Version")).hasValue("13");
        assertThat(first.head().all("Sec-WebSocket-Extensions")).isEmpty();
        assertThat(first.head().all("Origin")).isEmpty();
        String key = first.head().header("Sec-WebSocket-Key").orElseThrow();
        assertThat(Base64.getDecoder().decode(key)).hasSize(16);
        first.close();
        assertThat(server.control().head().header("Sec-WebSocket-Key").orElseThrow())
                .isNotEqualTo(key);
    }

    @ParameterizedTest
    @CsvSource({"gpu-1,wolf-gpu-1", "wolf-gpu-1,wolf-wolf-gpu-1", "wolf,wolf-wolf"})
    void alwaysPrefixesTheWolfId(String wolfId, String runnerId) throws Exception {
        start("-wolf-id", wolfId);
        assertThat(server.control().head().target()).isEqualTo("/api/v1/revdial?runnerid=" + runnerId);
    }

    @Test
    void takesARunnerIdVerbatim() throws Exception {
        startWith(
                Map.of(),
                List.of(
                        "-api-url",
                        "http://" + server.authority(),
                        "-token",
                        TOKEN,
                        "-local",
                        wolf.address(),
                        "-runner-id",
                        "x"));
        assertThat(server.control().head().target()).isEqualTo("/api/v1/revdial?runnerid=x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a&b=c", "a+b", "50%", "a/b?c#d", "wölf", "狼", "🐺", "a;b", "~._-"})
    void escapesTheRunnerIdForAQuery(String id) throws Exception {
        start("-wolf-id", id);
        String query = server.control().head().target().replaceFirst("^/api/v1/revdial\\?runnerid=", "");
        assertThat(query).matches("([A-Za-z0-9~._+*-]|%[0-9A-Fa-f]{2})+");
        assertThat(URLDecoder.decode(query, StandardCharsets.UTF_8)).isEqualTo("wolf-" + id);
    }

    @ParameterizedTest
    @CsvSource({"/helix,/helix", "/helix/,/helix", "/a/b%20c,/a/b%20c", "/,''"})
    void keepsThePathPrefixOfTheUrl(String path, String prefix) throws Exception {
        start("-api-url", "http://" + server.authority() + path);
        assertThat(server.control().head().target()).isEqualTo(prefix + "/api/v1/revdial?runnerid=wolf-gpu-1");
    }

    @Test
    void takesWsForHttp() throws Exception {
        start("-api-url", "ws://" + server.authority());
        assertThat(server.control().head().target()).isEqualTo("/api/v1/revdial?runnerid=wolf-gpu-1");
    }

    @Test
    void speaksToAnIpv6Address() throws Exception {
        try (ScriptedControlPlane six = ScriptedControlPlane.at(InetAddress.ofLiteral("::1"))) {
            start("-api-url", "http://" + six.authority());
            Connection control = six.control();
            assertThat(control.head().header("Host")).hasValue(six.authority());
            control.accept().keepAlive().connReady(newPath());
            assertThat(six.data().head().header("Host")).hasValue(six.authority());
        }
    }

    @Test
    void readsTheTokenFileAnewAtEachConnect(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("token"), TOKEN + "-one\n");
        startWith(
                Map.of(),
                List.of(
                        "-api-url",
                        "http://" + server.authority(),
                        "-wolf-id",
                        "gpu-1",
                        "-token-file",
                        file.toString(),
                        "-local",
                        wolf.address()));
        Connection first = server.control();
        assertThat(first.head().header("Authorization")).hasValue("Bearer " + TOKEN + "-one");
        Files.writeString(file, TOKEN + "-two\n");
        first.answer(401);
        assertThat(server.control().head().header("Authorization")).hasValue("Bearer " + TOKEN + "-two");
    }

    @Test
    void takesAnAnswerInSingleBytesAndOtherLetterCases() throws Exception {
        start();
        Connection control = server.control();
        String answer = "HTTP/1.1 101 go ahead\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n"
                + "X-Served-By: a, b\r\nsec-websocket-accept:" + control.acceptKey() + "\r\n\r\n";
        for (byte one : bytes(answer)) {
            control.raw(new byte[] {one});
        }
        assertServes(control.keepAlive());
    }

    @Test
    void losesNoByteThatComesRightBehindTheAnswer() throws Exception {
        start();
        Connection control = server.control();
        String path = newPath();
        control.raw(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + control.acceptKey() + "\r\n\r\n"
                        + asBinary("{\"command\":\"conn-ready\",\"connPath\":\"" + path + "\"}\n"))
                .getBytes(ISO_8859_1));
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @Test
    void refusesAnAnswerToAnotherKey() throws Exception {
        InProcessAgent agent = start();
        server.control()
                .raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
        agent.awaitReason("ProtocolError");
        assertThat(server.control()).isNotNull();
    }

    @Test
    void sendsMaskedFramesOnly() throws Exception {
        Connection control = connected();
        control.send(Frame.of(Frame.PING, bytes("mask?")));
        assertThat(control.frame(Frame.PONG).masked()).isTrue();
        control.connReady("//elsewhere");
        assertThat(control.frame(Frame.BINARY).masked()).isTrue();
        StreamEnds stream = openStream(control);
        stream.atWolf().write(bytes("mask?"));
        assertThat(stream.atServer().frame(Frame.BINARY).masked()).isTrue();
    }

    private static String asBinary(String payload) {
        return new String(Frame.of(Frame.BINARY, bytes(payload)).bytes(), ISO_8859_1);
    }
}

package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Control connection": lines of JSON, independent of message boundaries. */
class ControlLinesIT extends AgentSpec {

    @Test
    void aLineMayBeSplitOverMessagesOfOneByte() throws Exception {
        Connection control = connected();
        String path = newPath();
        for (byte one : bytes(connReadyLine(path))) {
            control.binary(new byte[] {one});
        }
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @Test
    void linesMayShareAMessage() throws Exception {
        Connection control = connected();
        String one = newPath();
        String other = newPath();
        control.binary("{\"command\":\"keep-alive\"}\n" + connReadyLine(one) + connReadyLine(other));
        assertThat(Arrays.asList(
                        server.data().head().target(), server.data().head().target()))
                .containsExactlyInAnyOrder("/api/v1" + one, "/api/v1" + other);
    }

    @Test
    void aMessageMayEndInTheMiddleOfALineAndTheNextBeginThere() throws Exception {
        Connection control = connected();
        String one = newPath();
        String other = newPath();
        String both = connReadyLine(one) + connReadyLine(other);
        int middle = connReadyLine(one).length() + 20;
        control.binary(both.substring(0, middle)).binary(both.substring(middle));
        assertThat(Arrays.asList(
                        server.data().head().target(), server.data().head().target()))
                .containsExactlyInAnyOrder("/api/v1" + one, "/api/v1" + other);
    }

    @Test
    void aLineMayEndWithCrLf() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.line("{\"command\":\"keep-alive\"}\r")
                .line("{\"command\":\"conn-ready\",\"connPath\":\"" + path + "\"}\r");
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
        assertServes(control);
    }

    @Test
    void anAmpersandMayBeEscapedAsGoDoesOrNot() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.line("{\"command\":\"conn-ready\",\"connPath\":\"" + path.replace("&", "\\u0026") + "\"}");
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
        control.line("{\"command\":\"conn-ready\",\"connPath\":\"" + path + "\"}");
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"command\":\"rewind\"}",
                "{\"command\":\"pickup-failed\",\"connPath\":\"/revdial\",\"err\":\"not for you\"}",
                "{\"command\":\"\"}",
                "{\"command\":7}",
                "{\"command\":null}",
                "{\"command\":{\"conn-ready\":true}}",
                "{}",
                "  { \"command\" : \"keep-alive\" }  ",
                "{\"command\":\"keep-alive\",\"at\":{\"a\":[1,2,{\"b\":null}]},\"x\":\"\\ud83d\\udc3a\"}",
                "{\"connPath\":\"/revdial?revdial.dialer=0\"}",
                "{\"COMMAND\":\"conn-ready\",\"at\":1e400}"
            })
    void unknownCommandsAndFieldsAreIgnored(String line) throws Exception {
        Connection control = connected();
        control.line(line);
        assertServes(control);
    }

    @Test
    void fieldsComeInAnyOrderAndWithStrangers() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.line("{\"v\":[2],\"connPath\":\"" + path
                + "\",\"err\":\"\",\"command\":\"conn-ready\",\"z\":{\"connPath\":\"//x\"}}");
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\r",
                "keep-alive",
                "{\"command\":\"keep-alive\"",
                "{\"command\":\"keep-alive\"}}",
                "{\"command\":\"keep-alive\"}{\"command\":\"keep-alive\"}",
                "{command:\"keep-alive\"}",
                "[{\"command\":\"keep-alive\"}]",
                "\"keep-alive\"",
                "null",
                "0",
                "GET / HTTP/1.1"
            })
    void aLineThatIsNoJsonObjectEndsTheConnectionAndTheAgentComesBack(String line) throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        control.line(line);
        control.end();
        agent.awaitReason("ProtocolError");
        assertServes(accepted());
    }

    @Test
    void bytesThatAreNoUtf8EndTheConnection() throws Exception {
        Connection control = connected();
        control.binary("{\"command\":\"\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1));
        control.end();
        assertServes(accepted());
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 4097, 64 * 1024})
    void aLineMayBeAsLongAs64KiB(int length) throws Exception {
        Connection control = connected();
        control.binary(lineOf(length));
        assertServes(control);
    }

    @Test
    void aLineOfOneByteMoreEndsTheConnection() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        control.binary(lineOf(64 * 1024 + 1));
        control.end();
        agent.awaitReason("ProtocolError");
        assertServes(accepted());
    }

    @Test
    void aLineWithoutEndIsCutOffSoon() throws Exception {
        Connection control = connected();
        assertThat(Flood.bytesUntilClosed(
                        control, Frame.of(Frame.BINARY, new byte[1024]).bytes()))
                .isLessThan(Flood.LIMIT);
        assertServes(accepted());
    }

    @Test
    void aMessageWithoutEndIsCutOffSoon() throws Exception {
        Connection control = connected();
        control.send(Frame.unfinished(Frame.BINARY, new byte[1024]));
        assertThat(Flood.bytesUntilClosed(
                        control,
                        Frame.unfinished(Frame.CONTINUATION, new byte[1024]).bytes()))
                .isLessThan(Flood.LIMIT);
        assertServes(accepted());
    }

    @Test
    void aFrameWithoutEndIsCutOffSoon() throws Exception {
        Connection control = connected();
        control.raw(new byte[] {(byte) 0x82, 127, 0, 0, 0, 0x10, 0, 0, 0, 0});
        assertThat(Flood.bytesUntilClosed(control, new byte[1024])).isLessThan(Flood.LIMIT);
        assertServes(accepted());
    }

    private static String connReadyLine(String path) {
        return "{\"command\":\"conn-ready\",\"connPath\":\"" + path + "\"}\n";
    }

    /** A keep-alive of exactly that many bytes, its line end included. */
    private static String lineOf(int length) {
        String start = "{\"command\":\"keep-alive\",\"filler\":\"";
        String end = "\"}\n";
        return start + "x".repeat(length - start.length() - end.length()) + end;
    }
}

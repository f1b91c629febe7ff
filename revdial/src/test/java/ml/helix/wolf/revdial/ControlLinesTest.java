package ml.helix.wolf.revdial;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;
import ml.helix.wolf.revdial.ControlMessage.Reconnect;
import ml.helix.wolf.revdial.ControlMessage.Unknown;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlLinesTest {
    private static final String CONN_PATH =
            "/revdial?revdial.dialer=" + "a".repeat(32) + "&revdial.req=" + "b".repeat(32);

    private final ControlLines.Decoder decoder = new ControlLines.Decoder(ControlLines.AGENT_LIMIT);

    @Test
    void theFourMessagesAreWrittenAsOneLineOfJsonEach() {
        assertThat(encoded(new KeepAlive())).isEqualTo("{\"command\":\"keep-alive\"}\n");
        assertThat(encoded(new Reconnect())).isEqualTo("{\"command\":\"reconnect\"}\n");
        assertThat(encoded(new ConnReady(CONN_PATH)))
                .isEqualTo("{\"command\":\"conn-ready\",\"connPath\":\"" + CONN_PATH + "\"}\n");
        assertThat(encoded(new PickupFailed("/revdial", "said \"no\"\n")))
                .isEqualTo(
                        "{\"command\":\"pickup-failed\",\"connPath\":\"/revdial\",\"err\":\"said \\\"no\\\"\\n\"}\n");
    }

    @Test
    void anUnknownCommandIsNeverWritten() {
        assertThatIllegalArgumentException().isThrownBy(() -> ControlLines.encode(new Unknown("dance")));
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        List<ControlMessage> messages = List.of(
                new KeepAlive(),
                new Reconnect(),
                new ConnReady(CONN_PATH),
                new PickupFailed(CONN_PATH, "tab\t quote\" backslash\\ nul\0 é 😀"),
                new PickupFailed("/odd\ud800end", "lone \udc00 surrogate"));
        for (ControlMessage message : messages) {
            assertThat(decode(encoded(message))).containsExactly(message);
        }
    }

    @Test
    void anAmpersandWrittenTheGoWayIsTheSameConnPath() throws Exception {
        assertThat(decode("{\"command\":\"conn-ready\",\"connPath\":\"" + CONN_PATH.replace("&", "\\u0026") + "\"}\n"))
                .containsExactly(new ConnReady(CONN_PATH));
    }

    @Test
    void aLineMayBeSplitAnywhere() throws Exception {
        String line = "{\"command\":\"conn-ready\",\"connPath\":\"/revdial\",\"note\":\"é😀\"}\r\n";
        byte[] bytes = line.getBytes(UTF_8);
        for (int cut = 0; cut <= bytes.length; cut++) {
            List<ControlMessage> messages = new ArrayList<>();
            drain(ByteBuffer.wrap(bytes, 0, cut), messages);
            drain(ByteBuffer.wrap(bytes, cut, bytes.length - cut), messages);
            assertThat(messages).containsExactly(new ConnReady("/revdial"));
        }
    }

    @Test
    void severalLinesMayShareOnePiece() throws Exception {
        assertThat(decode("{\"command\":\"keep-alive\"}\r\n {\"command\" : \"keep-alive\"} \n{\"command\":\"conn-"))
                .containsExactly(new KeepAlive(), new KeepAlive());
        assertThat(decode("ready\"}\n")).containsExactly(new ConnReady(""));
    }

    @Test
    void unknownCommandsAndFieldsAreReadPast() throws Exception {
        assertThat(decode("{\"x\":{\"command\":\"conn-ready\",\"y\":[1,{}]},\"command\":\"keep-alive\",\"z\":null}\n"))
                .containsExactly(new KeepAlive());
        assertThat(decode("{}\n{\"command\":\"dance\"}\n{\"command\":7}\n{\"command\":null}\n"))
                .containsExactly(new Unknown(""), new Unknown("dance"), new Unknown(""), new Unknown(""));
        assertThat(decode("{\"command\":\"conn-ready\",\"connPath\":[\"/revdial\"]}\n"))
                .containsExactly(new ConnReady(""));
    }

    @Test
    void anUnknownFieldMayBeNestedAsDeepAsALineIsLong() throws Exception {
        String deep = "[".repeat(30_000) + "]".repeat(30_000);
        assertThat(decode("{\"x\":" + deep + ",\"command\":\"keep-alive\"}\n")).containsExactly(new KeepAlive());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r",
                "hello",
                "null",
                "42",
                "\"text\"",
                "[]",
                "{",
                "{\"command\"",
                "{\"command\":\"keep-alive\"",
                "{\"command\":\"keep-alive\",}",
                "{'command':'keep-alive'}",
                "{\"command\":\"keep-alive\"} x",
                "{}{}",
                "{\"command\":\"tab\tinside\"}",
                "{\"x\":01}",
                "{\"x\":[}",
                "\0{}",
                "\ufeff{}"
            })
    void aLineThatIsNotAJsonObjectIsRefused(String line) {
        assertThatThrownBy(() -> decode(line + "\n")).isInstanceOf(ProtocolException.class);
    }

    @Test
    void aLineThatIsNotUtf8IsRefused() {
        byte[] line = {'{', '"', (byte) 0xff, '"', ':', '1', '}', '\n'};
        assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(line))).isInstanceOf(ProtocolException.class);
    }

    @Test
    void aRefusalRepeatsNothingOfTheLine() {
        assertThatThrownBy(() -> decode("tok3n-in-a-line\n")).hasMessageNotContaining("tok3n");
        assertThatThrownBy(() -> decode("{\"command\":\"tok3n\n")).hasMessageNotContaining("tok3n");
    }

    @ParameterizedTest
    @ValueSource(ints = {ControlLines.PEER_LIMIT, ControlLines.AGENT_LIMIT})
    void aLineMayBeExactlyAsLongAsTheLimit(int limit) throws Exception {
        String line = padded(limit);
        assertThat(line.length()).isEqualTo(limit);
        assertThat(new ControlLines.Decoder(limit).next(FakeControl.bytes(line)))
                .isEqualTo(new KeepAlive());
        assertThatThrownBy(() -> new ControlLines.Decoder(limit).next(FakeControl.bytes(padded(limit + 1))))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void anEndlessLineIsRefusedWhenItPassesTheLimitAndNotAtItsEnd() throws Exception {
        byte[] piece = "x".repeat(4095).getBytes(UTF_8);
        ControlLines.Decoder server = new ControlLines.Decoder(ControlLines.PEER_LIMIT);
        assertThat(server.next(ByteBuffer.wrap(piece))).isNull();
        assertThatThrownBy(() -> server.next(ByteBuffer.wrap(piece))).isInstanceOf(ProtocolException.class);
    }

    @Test
    void errIsCutSoThatTheLineHas4096Bytes() throws Exception {
        for (String unit : List.of("x", "é", "😀", "\"", "\u0001")) {
            String err = unit.repeat(5000);
            byte[] line = ControlLines.encode(new PickupFailed(CONN_PATH, err));
            assertThat(line.length).isBetween(ControlLines.PEER_LIMIT - 6, ControlLines.PEER_LIMIT);
            assertThat(decode(new String(line, UTF_8)).getFirst())
                    .isInstanceOfSatisfying(PickupFailed.class, failed -> {
                        assertThat(failed.connPath()).isEqualTo(CONN_PATH);
                        assertThat(err).startsWith(failed.err());
                        assertThat(failed.err().length() % unit.length()).isZero();
                    });
        }
    }

    @Test
    void anErrThatFitsExactlyIsNotCut() throws Exception {
        int overhead = encoded(new PickupFailed(CONN_PATH, "x")).length() - 1;
        String err = "x".repeat(ControlLines.PEER_LIMIT - overhead);
        assertThat(decode(encoded(new PickupFailed(CONN_PATH, err)))).containsExactly(new PickupFailed(CONN_PATH, err));
    }

    @Test
    void aConnPathCanBeEchoedUntilTheBareLineHas4096Bytes() {
        int overhead = encoded(new PickupFailed("/", "")).length() - 1;
        String longest = "/" + "p".repeat(ControlLines.PEER_LIMIT - overhead - 1);
        assertThat(ControlLines.canBeEchoed(longest)).isTrue();
        assertThat(encoded(new PickupFailed(longest, "why"))).hasSize(ControlLines.PEER_LIMIT);
        assertThat(ControlLines.canBeEchoed(longest + "p")).isFalse();
        assertThat(ControlLines.canBeEchoed("\"".repeat(longest.length() / 2 + 1)))
                .isFalse();
    }

    private static String padded(int length) {
        String line = "{\"command\":\"keep-alive\"}";
        return line + " ".repeat(length - line.length() - 1) + "\n";
    }

    private static String encoded(ControlMessage message) {
        return new String(ControlLines.encode(message), UTF_8);
    }

    private List<ControlMessage> decode(String text) throws ProtocolException {
        List<ControlMessage> messages = new ArrayList<>();
        drain(FakeControl.bytes(text), messages);
        return messages;
    }

    private void drain(ByteBuffer bytes, List<ControlMessage> into) throws ProtocolException {
        for (var message = decoder.next(bytes); message != null; message = decoder.next(bytes)) {
            into.add(message);
        }
    }
}

package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.agent.Flood;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 1, server: the control connection. */
class ControlStreamIT extends ControlPlaneSpec {
    private Connection control;

    @BeforeEach
    void startControlPlane() throws Exception {
        start();
        control = connect(ID);
    }

    @Test
    void theFirstLineIsAKeepAliveInAnUnmaskedBinaryMessage() throws Exception {
        Frame frame = open(agent(), CONTROL + "other").frame();
        assertThat(frame.opcode()).isEqualTo(Frame.BINARY);
        assertThat(frame.masked()).isFalse();
        assertThat(frame.text()).isEqualTo("{\"command\":\"keep-alive\"}\n");
    }

    @Test
    void aConnReadyNamesTheDialerAndTheRequest() throws Exception {
        call(ID, "");
        String one = awaitConnReady(control);
        call(ID, "");
        String other = awaitConnReady(control);
        assertThat(one).matches("/revdial\\?revdial\\.dialer=[0-9a-f]{32}&revdial\\.req=[0-9a-f]{32}");
        assertThat(other).startsWith(one.substring(0, one.indexOf('&'))).isNotEqualTo(one);
    }

    @Test
    void aPickupFailedIs502WithTheAgentsReason() throws Exception {
        var call = call(ID, "");
        pickupFailed(control, awaitConnReady(control), "Wolf is asleep: \"zzz\" 🐺");
        assertThat(assertError(call, 502, "PickupFailed")).contains("Wolf is asleep: \"zzz\" 🐺");
        assertServes(control, ID);
    }

    @Test
    void aPickupFailedFailsOnlyItsOwnCall() throws Exception {
        var one = call(ID, "");
        String first = awaitConnReady(control);
        var other = call(ID, "");
        String second = awaitConnReady(control);
        pickupFailed(control, second, "only this dial");
        assertError(other, 502, "PickupFailed");
        respond(pickUp(first), "the other dial is served");
        assertThat(one.get(30, TimeUnit.SECONDS).body()).isEqualTo("the other dial is served");
    }

    @Test
    void linesMayBeSplitCoalescedFragmentedAndInterleaved() throws Exception {
        var call = call(ID, "");
        String path = awaitConnReady(control);
        String line = "{\"command\":\"from the future\"}\r\n{\"err\":\"cut\",\"connPath\":\""
                + path.replace("&", "\\u0026") + "\",\"command\":\"pickup-failed\",\"v\":{\"x\":[1]}}\n";
        control.send(Frame.unfinished(Frame.BINARY, new byte[0]));
        for (byte one : line.getBytes(UTF_8)) {
            control.send(Frame.unfinished(Frame.CONTINUATION, new byte[] {one}));
        }
        control.send(Frame.of(Frame.PING, "in between".getBytes(UTF_8)));
        control.send(Frame.of(Frame.CONTINUATION, new byte[0]));
        assertThat(assertError(call, 502, "PickupFailed")).contains("cut");
        assertThat(control.frame(Frame.PONG).text()).isEqualTo("in between");
    }

    @Test
    void textFramesAreAccepted() throws Exception {
        var call = call(ID, "");
        String path = awaitConnReady(control);
        control.send(Frame.of(
                Frame.TEXT,
                ("{\"command\":\"pickup-failed\",\"connPath\":\"" + path + "\",\"err\":\"in text\"}\n")
                        .getBytes(UTF_8)));
        assertThat(assertError(call, 502, "PickupFailed")).contains("in text");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"command\":\"unknown\"}",
                "{}",
                "{\"command\":\"pickup-failed\"}",
                "{\"command\":\"pickup-failed\",\"connPath\":\"/revdial?revdial.dialer=1&revdial.req=2\",\"err\":\"\"}",
                "{\"command\":\"pickup-failed\",\"connPath\":7,\"err\":{}}",
                "{\"command\":\"conn-ready\",\"connPath\":\"/revdial\"}",
                "{\"command\":\"keep-alive\"}"
            })
    void unknownAndMisdirectedLinesAreIgnored(String line) throws Exception {
        control.line(line);
        assertServes(control, ID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no json", "[]", "null", "{\"command\":", "{}{}"})
    void aLineThatIsNoJsonObjectEndsTheConnection(String line) throws Exception {
        control.line(line);
        control.end();
        assertServes(connect(ID), ID);
    }

    @Test
    void aLineOf4096BytesIsRead() throws Exception {
        control.binary(lineOf(4096));
        assertServes(control, ID);
    }

    @Test
    void aLineOf4097BytesEndsTheConnection() throws Exception {
        control.binary(lineOf(4097));
        control.end();
        assertServes(connect(ID), ID);
    }

    @Test
    void anEndlessLineEndsTheConnection() throws Exception {
        assertThat(Flood.bytesUntilClosed(
                        control,
                        Frame.of(Frame.BINARY, new byte[1024]).masked(true).bytes()))
                .isLessThan(Flood.LIMIT);
        assertServes(connect(ID), ID);
    }

    @Test
    void anEndlessMessageEndsTheConnection() throws Exception {
        control.send(Frame.unfinished(Frame.BINARY, new byte[1024]));
        Frame piece = Frame.unfinished(Frame.CONTINUATION, new byte[1024]);
        assertThat(Flood.bytesUntilClosed(control, piece.masked(true).bytes())).isLessThan(Flood.LIMIT);
        assertServes(connect(ID), ID);
    }

    @Test
    void anEndlessFrameEndsTheConnection() throws Exception {
        control.raw(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 2, 3, 4});
        assertThat(Flood.bytesUntilClosed(control, new byte[1024])).isLessThan(Flood.LIMIT);
        assertServes(connect(ID), ID);
    }

    /** The control plane must not allocate the length that a frame announces, whatever the opcode. */
    @ParameterizedTest
    @ValueSource(ints = {3, 7, 11, 15})
    void aFrameOfAnUnknownOpcodeThatAnnounces200MbClosesOnlyThatConnectionWith1002(int opcode) throws Exception {
        Connection other = connect("wolf-other");
        control.raw(Frame.announcing(opcode, 200_000_000)).raw(new byte[1024]);
        assertThat(control.end().closeCode()).hasValue(1002);
        assertServes(other, "wolf-other");
        assertServes(connect(ID), ID);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125})
    void aPingIsAnsweredWithItsPayload(int length) throws Exception {
        String payload = "p".repeat(length);
        control.send(Frame.of(Frame.PING, payload.getBytes(UTF_8)));
        assertThat(control.frame(Frame.PONG).text()).isEqualTo(payload);
    }

    @Test
    void theNewestOfManyPingsIsAnswered() throws Exception {
        for (int i = 1; i <= 5000; i++) {
            control.send(Frame.of(Frame.PING, ("ping " + i).getBytes(UTF_8)));
        }
        while (!control.frame(Frame.PONG).text().equals("ping 5000")) {
            // a pong of an older ping
        }
    }

    @ParameterizedTest
    @CsvSource({"1000", "1001", "1011"})
    void aCloseFrameIsAnsweredAndTheGracePeriodBegins(int code) throws Exception {
        control.send(Frame.close(code, "bye"));
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(code);
        assertGracePeriod();
    }

    @Test
    void aBareFinBeginsTheGracePeriod() throws Exception {
        control.fin();
        control.end();
        assertGracePeriod();
    }

    @Test
    void aResetBeginsTheGracePeriod() throws Exception {
        control.reset();
        assertGracePeriod();
    }

    @ParameterizedTest
    @CsvSource({
        "an unmasked frame,82 02 7b 7d",
        "a reserved bit,c2 80 01 02 03 04",
        "a reserved opcode,83 80 01 02 03 04",
        "a fragmented ping,09 80 01 02 03 04",
        "a continuation without a start,80 80 01 02 03 04"
    })
    void anInvalidFrameEndsTheConnection(String name, String hex) throws Exception {
        control.raw(HexFormat.ofDelimiter(" ").parseHex(hex));
        control.end();
        assertServes(connect(ID), ID);
    }

    /** None of them is a complete frame: its first bytes are reason enough. */
    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\0\0\0\0\0\0\0\0"})
    void noiseEndsTheConnectionAtOnce(String noise) throws Exception {
        control.patience(Duration.ofSeconds(10)).raw(noise).end();
        assertServes(connect(ID), ID);
    }

    /** Checks that a call waits for the agent and is served when the agent is back. */
    private void assertGracePeriod() throws Exception {
        var call = call(ID, "");
        Connection next = connect(ID);
        respond(pickUp(awaitConnReady(next)), "back");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("back");
    }

    private static String lineOf(int length) {
        String start = "{\"command\":\"unknown\",\"filler\":\"";
        String end = "\"}\n";
        return start + "x".repeat(length - start.length() - end.length()) + end;
    }
}

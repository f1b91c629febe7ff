package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.HexFormat;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 1, server: data connections, seen by a caller of a forward. */
class DataConnectionIT extends ControlPlaneSpec {
    private Connection control;
    private Connection data;
    private Socket caller;

    @BeforeEach
    void startControlPlane() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        control = connect(ID);
        caller = connectToForward();
        data = pickUp(awaitConnReady(control));
        assertThat(data.head().status()).isEqualTo(101);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 125, 126, 127, 65_535, 65_536, 1 << 20})
    void bytesArriveAsSentWhateverTheFramesLength(int length) throws Exception {
        byte[] sent = noise(length);
        inBackground(() -> data.binary(sent));
        assertThat(caller.getInputStream().readNBytes(length)).isEqualTo(sent);
        inBackground(() -> caller.getOutputStream().write(sent));
        assertThat(data.read(length)).isEqualTo(sent);
    }

    @Test
    void theCallersBytesArriveInUnmaskedBinaryMessages() throws Exception {
        caller.getOutputStream().write("hello".getBytes(UTF_8));
        Frame frame = data.frame(Frame.BINARY);
        assertThat(frame.masked()).isFalse();
        assertThat(frame.text()).startsWith("h");
    }

    @Test
    void messagesMayBeFragmentedEmptyTextAndInterleavedWithPings() throws Exception {
        data.send(Frame.unfinished(Frame.BINARY, new byte[0]));
        data.send(Frame.unfinished(Frame.CONTINUATION, "frag".getBytes(UTF_8)));
        data.send(Frame.of(Frame.PING, "now?".getBytes(UTF_8)));
        data.send(Frame.unfinished(Frame.CONTINUATION, new byte[0]));
        data.send(Frame.of(Frame.PONG, "unasked".getBytes(UTF_8)));
        data.send(Frame.of(Frame.CONTINUATION, "ments,".getBytes(UTF_8)));
        data.binary(new byte[0]);
        data.send(Frame.of(Frame.TEXT, "text,".getBytes(UTF_8)));
        for (byte one :
                Frame.of(Frame.BINARY, "bytes".getBytes(UTF_8)).masked(true).bytes()) {
            data.raw(new byte[] {one});
        }
        assertThat(caller.getInputStream().readNBytes(20)).asString(UTF_8).isEqualTo("fragments,text,bytes");
        assertThat(data.frame(Frame.PONG).text()).isEqualTo("now?");
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"CLOSE_FRAME", "FIN"})
    void everyByteBeforeTheAgentsEndIsDeliveredAndThenBothSidesAreClosed(Ending ending) throws Exception {
        byte[] sent = noise(3_000_000);
        inBackground(() -> {
            data.binary(sent);
            ending.of(data);
        });
        assertThat(caller.getInputStream().readAllBytes()).isEqualTo(sent);
        data.end();
    }

    @Test
    void everyByteBeforeTheCallersEndIsDeliveredAndThenBothSidesAreClosed() throws Exception {
        byte[] sent = noise(3_000_000);
        inBackground(() -> {
            caller.getOutputStream().write(sent);
            caller.shutdownOutput();
        });
        assertThat(data.readToEnd()).isEqualTo(sent);
        data.close();
        assertThat(caller.getInputStream().read()).isNegative();
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"CLOSE_FRAME", "FIN", "RESET"})
    void theEndOfOneStreamLeavesTheOthers(Ending ending) throws Exception {
        Socket other = connectToForward();
        Connection staying = pickUp(awaitConnReady(control));
        ending.of(data);
        assertEnded(caller);
        staying.binary("still here");
        assertThat(other.getInputStream().readNBytes(10)).asString(UTF_8).isEqualTo("still here");
        assertServes(control, ID);
    }

    @Test
    void theAgentGetsACloseFrameWhenTheCallerEnds() throws Exception {
        caller.close();
        assertThat(data.frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        data.send(Frame.close(1000, ""));
        data.end();
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"CLOSE_FRAME", "FIN", "RESET"})
    void aStreamOutlivesItsControlConnection(Ending ending) throws Exception {
        data.binary("open");
        assertThat(caller.getInputStream().readNBytes(4)).asString(UTF_8).isEqualTo("open");
        ending.of(control);
        data.binary("still here");
        assertThat(caller.getInputStream().readNBytes(10)).asString(UTF_8).isEqualTo("still here");
        caller.getOutputStream().write("and here".getBytes(UTF_8));
        assertThat(data.read(8)).asString(UTF_8).isEqualTo("and here");
    }

    @ParameterizedTest
    @CsvSource({
        "an unmasked frame,82 01 20",
        "a reserved bit,c2 80 01 02 03 04",
        "a reserved opcode,83 80 01 02 03 04",
        "a fragmented ping,09 80 01 02 03 04",
        "a continuation without a start,80 80 01 02 03 04",
        "a length with its top bit set,82 ff ff ff ff ff ff ff ff ff 01 02 03 04"
    })
    void anInvalidFrameEndsOnlyThatStream(String name, String hex) throws Exception {
        data.binary("before,");
        data.raw(HexFormat.ofDelimiter(" ").parseHex(hex));
        assertThat(caller.getInputStream().readNBytes(7)).asString(UTF_8).isEqualTo("before,");
        assertEnded(caller);
        data.end();
        assertServes(control, ID);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 11, 15})
    void aFrameOfAnUnknownOpcodeThatAnnounces200MbClosesOnlyThatStreamWith1002(int opcode) throws Exception {
        data.raw(Frame.announcing(opcode, 200_000_000)).raw(new byte[1024]);
        assertThat(data.end().closeCode()).hasValue(1002);
        assertEnded(caller);
        assertServes(control, ID);
    }

    /** Waits for the end of the connection, a FIN or a reset; fails on another byte. */
    private static void assertEnded(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isNegative();
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }
}

package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.HexFormat;
import java.util.SplittableRandom;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 1: data connections from the server's side, seen by a caller of a forwarded port. */
class DataConnectionIT extends ControlPlaneSpec {
    private Connection control;
    private Connection data;
    private Socket caller;

    /** How the agent may end a stream. */
    enum Ending {
        CLOSE_FRAME,
        FIN,
        RESET;

        void of(Connection connection) throws IOException {
            switch (this) {
                case CLOSE_FRAME -> connection.send(Frame.close(1000, ""));
                case FIN -> connection.fin();
                case RESET -> connection.reset();
            }
        }
    }

    @BeforeEach
    void begin() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        control = connected(ID);
        caller = forwarded();
        data = pickUp(connPath(control));
        assertThat(data.head().status()).isEqualTo(101);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 125, 126, 127, 65_535, 65_536, 1 << 20})
    void bytesArriveAsTheyWereSentWhateverTheFramesLength(int length) throws Exception {
        byte[] sent = noise(length);
        Thread.ofVirtual().start(() -> unchecked(() -> data.binary(sent)));
        assertThat(caller.getInputStream().readNBytes(length)).isEqualTo(sent);
        Thread.ofVirtual().start(() -> unchecked(() -> caller.getOutputStream().write(sent)));
        assertThat(data.read(length)).isEqualTo(sent);
    }

    @Test
    void whatTheCallerSaysComesInUnmaskedBinaryMessages() throws Exception {
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
    void everyByteBeforeTheAgentsEndIsDeliveredAndThenBothAreClosed(Ending ending) throws Exception {
        byte[] sent = noise(3_000_000);
        Thread.ofVirtual()
                .start(() -> unchecked(() -> {
                    data.binary(sent);
                    ending.of(data);
                }));
        assertThat(caller.getInputStream().readAllBytes()).isEqualTo(sent);
        data.end();
    }

    @Test
    void everyByteBeforeTheCallersEndIsDeliveredAndThenBothAreClosed() throws Exception {
        byte[] sent = noise(3_000_000);
        Thread.ofVirtual()
                .start(() -> unchecked(() -> {
                    caller.getOutputStream().write(sent);
                    caller.shutdownOutput();
                }));
        assertThat(data.readToEnd()).isEqualTo(sent);
        data.close();
        assertThat(caller.getInputStream().read()).isNegative();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void onlyThatOneStreamEnds(Ending ending) throws Exception {
        Socket other = forwarded();
        Connection staying = pickUp(connPath(control));
        ending.of(data);
        ended(caller);
        staying.binary("still here");
        assertThat(other.getInputStream().readNBytes(10)).asString(UTF_8).isEqualTo("still here");
        serves(control, ID);
    }

    @Test
    void theCallersEndIsToldByACloseFrame() throws Exception {
        caller.close();
        assertThat(data.frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        data.send(Frame.close(1000, ""));
        data.end();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void itOutlivesTheControlConnection(Ending ending) throws Exception {
        data.binary("up");
        assertThat(caller.getInputStream().readNBytes(2)).asString(UTF_8).isEqualTo("up");
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
        "a continuation of nothing,80 80 01 02 03 04",
        "a length with its top bit set,82 ff ff ff ff ff ff ff ff ff 01 02 03 04"
    })
    void whatIsNoWebSocketFrameOfAClientEndsThatOneStream(String what, String hex) throws Exception {
        data.binary("before,");
        data.raw(HexFormat.ofDelimiter(" ").parseHex(hex));
        assertThat(caller.getInputStream().readNBytes(7)).asString(UTF_8).isEqualTo("before,");
        ended(caller);
        data.end();
        serves(control, ID);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 11, 15})
    void aFrameOfAnUnknownOpcodeThatAnnounces200MbClosesOnlyThatStreamWith1002(int opcode) throws Exception {
        data.raw(Frame.announcing(opcode, 200_000_000)).raw(new byte[1024]);
        assertThat(data.end().closeCode()).hasValue(1002);
        ended(caller);
        serves(control, ID);
    }

    /** Fails where the socket gives another byte. */
    private static void ended(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isNegative();
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void unchecked(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}

package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Connection.Kind;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Data connections": a byte stream in binary messages, both ways, without half-close. */
class DataStreamIT extends AgentSpec {

    /** How either side may end a stream. */
    enum Ending {
        CLOSE_FRAME,
        FIN,
        RESET;

        void of(Connection connection) throws Exception {
            switch (this) {
                case CLOSE_FRAME -> connection.send(Frame.close(1000, ""));
                case FIN -> connection.fin();
                case RESET -> connection.reset();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 125, 126, 127, 65_535, 65_536, 65_537, 1 << 20})
    void bytesArriveAsTheyWereSentWhateverTheFramesLength(int length) throws Exception {
        StreamEnds stream = openStream(connected());
        byte[] sent = noise(length);
        CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(
                () -> unchecked(() -> stream.atWolf().read(length)));
        stream.atServer().binary(sent);
        assertThat(arrived.get()).isEqualTo(sent);
        Thread.ofVirtual().start(() -> unchecked(() -> stream.atWolf().write(sent)));
        assertThat(stream.atServer().read(length)).isEqualTo(sent);
    }

    @Test
    void whatWolfSendsComesInBinaryMessages() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atWolf().write(bytes("hello"));
        Frame frame = stream.atServer().frame(Frame.BINARY);
        assertThat(frame.text()).startsWith("h");
    }

    @Test
    void messagesMayBeFragmentedEmptyTextAndInterleavedWithPings() throws Exception {
        StreamEnds stream = openStream(connected());
        Connection remote = stream.atServer();
        remote.send(Frame.unfinished(Frame.BINARY, new byte[0]));
        remote.send(Frame.unfinished(Frame.CONTINUATION, bytes("frag")));
        remote.send(Frame.of(Frame.PING, bytes("now?")));
        remote.send(Frame.unfinished(Frame.CONTINUATION, new byte[0]));
        remote.send(Frame.of(Frame.PONG, bytes("unasked")));
        remote.send(Frame.of(Frame.CONTINUATION, bytes("ments,")));
        remote.binary(new byte[0]);
        remote.send(Frame.of(Frame.TEXT, bytes("text,")));
        for (byte one : Frame.of(Frame.BINARY, bytes("bytes")).bytes()) {
            remote.raw(new byte[] {one});
        }
        assertThat(stream.atWolf().read(20)).isEqualTo(bytes("fragments,text,bytes"));
        assertThat(remote.frame(Frame.PONG).text()).isEqualTo("now?");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125})
    void aPingIsAnsweredWithItsPayload(int length) throws Exception {
        StreamEnds stream = openStream(connected());
        String payload = "p".repeat(length);
        stream.atServer().send(Frame.of(Frame.PING, bytes(payload)));
        assertThat(stream.atServer().frame(Frame.PONG).text()).isEqualTo(payload);
    }

    @Test
    void theNewestOfManyPingsIsAnswered() throws Exception {
        StreamEnds stream = openStream(connected());
        for (int i = 1; i <= 5000; i++) {
            stream.atServer().send(Frame.of(Frame.PING, bytes("ping " + i)));
        }
        while (!stream.atServer().frame(Frame.PONG).text().equals("ping 5000")) {
            // an older one
        }
    }

    @Test
    void interimResponsesBeforeTheAcceptanceArePassedOver() throws Exception {
        String interim = "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
        start();
        Connection control = server.control().raw(interim).accept().keepAlive();
        control.connReady(newPath());
        server.data().raw(interim).accept().binary("through");
        assertThat(wolf.next().read(7)).isEqualTo(bytes("through"));
    }

    @Test
    void noByteIsLostThatComesRightBehindTheAnswer() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        Connection data = server.data();
        var answer = new ByteArrayOutputStream();
        answer.writeBytes(bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + data.acceptKey() + "\r\n\r\n"));
        answer.writeBytes(Frame.of(Frame.BINARY, noise(20_000)).bytes());
        answer.writeBytes(Frame.close(1000, "").bytes());
        data.raw(answer.toByteArray());
        assertThat(wolf.next().readToEnd()).isEqualTo(noise(20_000));
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"CLOSE_FRAME", "FIN"})
    void everyByteBeforeTheServersEndIsDeliveredAndThenBothAreClosed(Ending ending) throws Exception {
        StreamEnds stream = openStream(connected());
        byte[] sent = noise(3_000_000);
        CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(() -> unchecked(stream.atWolf()::readToEnd));
        stream.atServer().binary(sent);
        ending.of(stream.atServer());
        assertThat(arrived.get()).isEqualTo(sent);
        stream.atServer().end();
    }

    @Test
    void everyByteBeforeWolfsEndIsDeliveredAndThenBothAreClosed() throws Exception {
        StreamEnds stream = openStream(connected());
        byte[] sent = noise(3_000_000);
        Thread.ofVirtual()
                .start(() -> unchecked(() -> {
                    stream.atWolf().write(sent).fin();
                    return sent;
                }));
        assertThat(stream.atServer().readToEnd()).isEqualTo(sent);
        stream.atServer().close();
        stream.atWolf().readToEnd();
    }

    @Test
    void anAnswerIsDeliveredWholeToAServerThatStillSends() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atServer().binary(bytes("a request that Wolf does not read to its end"));
        stream.atWolf().write(noise(100_000)).fin(); // a close would reset, and throw away what is still to be sent
        assertThat(stream.atServer().readToEnd()).isEqualTo(noise(100_000));
    }

    @Test
    void wolfsEndIsSentAsACloseFrame() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atWolf().close();
        assertThat(stream.atServer().frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        stream.atServer().send(Frame.close(1000, ""));
        assertThat(stream.atServer().end().kind()).isEqualTo(Kind.FIN);
    }

    @ParameterizedTest
    @CsvSource({"1000", "1001", "1006", "1011", "1012", "3000"})
    void aCloseFrameIsAnswered(int code) throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atServer().send(Frame.close(code, "that was it"));
        assertThat(stream.atServer().frame(Frame.CLOSE)).isNotNull();
        assertThat(stream.atWolf().readToEnd()).isEmpty();
    }

    @Test
    void aServerThatHangsAfterItsCloseFrameIsLeft() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atServer().send(Frame.close(1000, ""));
        assertThat(stream.atWolf().readToEnd()).isEmpty();
        stream.atServer().end();
    }

    @Test
    void aServerThatDoesNotAnswerTheCloseFrameIsLeft() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atWolf().close();
        stream.atServer().end();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theServersEndClosesTheConnectionToWolf(Ending ending) throws Exception {
        StreamEnds stream = openStream(connected());
        ending.of(stream.atServer());
        assertThat(stream.atWolf().readToEnd()).isEmpty();
    }

    @Test
    void wolfsResetClosesTheDataConnection() throws Exception {
        StreamEnds stream = openStream(connected());
        stream.atWolf().reset();
        stream.atServer().end();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void onlyThatOneStreamEnds(Ending ending) throws Exception {
        Connection control = connected();
        StreamEnds staying = openStream(control);
        StreamEnds ended = openStream(control);
        ending.of(ended.atServer());
        ended.atWolf().readToEnd();
        staying.atServer().binary("still here");
        assertThat(staying.atWolf().read(10)).isEqualTo(bytes("still here"));
        assertServes(control);
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void dataConnectionsOutliveTheControlConnection(Ending ending) throws Exception {
        Connection control = connected();
        StreamEnds stream = openStream(control);
        ending.of(control);
        Connection next = accepted();
        stream.atServer().binary("asked by the first");
        assertThat(stream.atWolf().read(18)).isEqualTo(bytes("asked by the first"));
        stream.atWolf().write(bytes("and answered"));
        assertThat(stream.atServer().read(12)).isEqualTo(bytes("and answered"));
        assertServes(next);
    }

    @Test
    void aPickupUnderWayOutlivesTheControlConnection() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        Connection data = server.data();
        control.reset();
        accepted();
        data.accept().binary("late but welcome");
        assertThat(wolf.next().read(16)).isEqualTo(bytes("late but welcome"));
    }

    @ParameterizedTest
    @CsvSource({
        "a reserved bit,c2 00",
        "a reserved opcode,83 00",
        "a fragmented ping,09 00",
        "a ping of 126 bytes,89 7e 00 7e",
        "a continuation of nothing,80 00",
        "a close frame of one byte,88 01 03",
        "a close frame with code 963,88 03 03 c3 41",
        "a new message inside another,02 01 20 82 01 20",
        "a masked frame,82 81 00 00 00 00 20",
        "a length with its top bit set,82 ff ff ff ff ff ff ff ff ff"
    })
    void whatIsNoWebSocketFrameEndsThatOneStream(String what, String hex) throws Exception {
        Connection control = connected();
        StreamEnds stream = openStream(control);
        stream.atServer().binary("before,");
        stream.atServer().raw(ControlFramesIT.unhex(hex));
        stream.atServer().raw(new byte[256]);
        assertThat(new String(stream.atWolf().readToEnd(), UTF_8)).startsWith("before,");
        stream.atServer().end();
        assertServes(control);
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }

    private interface Step<T> {
        T take() throws Exception;
    }

    private static <T> T unchecked(Step<T> step) {
        try {
            return step.take();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

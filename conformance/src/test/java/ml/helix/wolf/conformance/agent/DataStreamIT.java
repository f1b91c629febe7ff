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

/** Contract, section 1, data connections: a byte stream in binary messages, both ways, no half-close. */
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
        Tunnel tunnel = open(connected());
        byte[] sent = noise(length);
        CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(
                () -> unchecked(() -> tunnel.local().read(length)));
        tunnel.remote().binary(sent);
        assertThat(arrived.get()).isEqualTo(sent);
        Thread.ofVirtual().start(() -> unchecked(() -> tunnel.local().write(sent)));
        assertThat(tunnel.remote().read(length)).isEqualTo(sent);
    }

    @Test
    void whatTheLocalApiSaysComesInBinaryMessages() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.local().write(bytes("hello"));
        Frame frame = tunnel.remote().frame(Frame.BINARY);
        assertThat(frame.text()).startsWith("h");
    }

    @Test
    void messagesMayBeFragmentedEmptyTextAndInterleavedWithPings() throws Exception {
        Tunnel tunnel = open(connected());
        Connection remote = tunnel.remote();
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
        assertThat(tunnel.local().read(20)).isEqualTo(bytes("fragments,text,bytes"));
        assertThat(remote.frame(Frame.PONG).text()).isEqualTo("now?");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125})
    void aPingIsAnsweredWithItsPayload(int length) throws Exception {
        Tunnel tunnel = open(connected());
        String payload = "p".repeat(length);
        tunnel.remote().send(Frame.of(Frame.PING, bytes(payload)));
        assertThat(tunnel.remote().frame(Frame.PONG).text()).isEqualTo(payload);
    }

    @Test
    void theNewestOfManyPingsIsAnswered() throws Exception {
        Tunnel tunnel = open(connected());
        for (int i = 1; i <= 5000; i++) {
            tunnel.remote().send(Frame.of(Frame.PING, bytes("ping " + i)));
        }
        while (!tunnel.remote().frame(Frame.PONG).text().equals("ping 5000")) {
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
        assertThat(local.next().read(7)).isEqualTo(bytes("through"));
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
        assertThat(local.next().readToEnd()).isEqualTo(noise(20_000));
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"CLOSE_FRAME", "FIN"})
    void everyByteBeforeTheServersEndIsDeliveredAndThenBothAreClosed(Ending ending) throws Exception {
        Tunnel tunnel = open(connected());
        byte[] sent = noise(3_000_000);
        CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(() -> unchecked(tunnel.local()::readToEnd));
        tunnel.remote().binary(sent);
        ending.of(tunnel.remote());
        assertThat(arrived.get()).isEqualTo(sent);
        tunnel.remote().end();
    }

    @Test
    void everyByteBeforeTheLocalEndIsDeliveredAndThenBothAreClosed() throws Exception {
        Tunnel tunnel = open(connected());
        byte[] sent = noise(3_000_000);
        Thread.ofVirtual()
                .start(() -> unchecked(() -> {
                    tunnel.local().write(sent).fin();
                    return sent;
                }));
        assertThat(tunnel.remote().readToEnd()).isEqualTo(sent);
        tunnel.remote().close();
        tunnel.local().readToEnd();
    }

    @Test
    void anAnswerIsDeliveredWholeToAServerThatStillSends() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.remote().binary(bytes("a request that Wolf does not read to its end"));
        tunnel.local().write(noise(100_000)).fin(); // a close would reset, and throw away what is still to be sent
        assertThat(tunnel.remote().readToEnd()).isEqualTo(noise(100_000));
    }

    @Test
    void theLocalEndIsToldByACloseFrame() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.local().close();
        assertThat(tunnel.remote().frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        tunnel.remote().send(Frame.close(1000, ""));
        assertThat(tunnel.remote().end().kind()).isEqualTo(Kind.FIN);
    }

    @ParameterizedTest
    @CsvSource({"1000", "1001", "1006", "1011", "1012", "3000"})
    void aCloseFrameIsAnswered(int code) throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.remote().send(Frame.close(code, "that was it"));
        assertThat(tunnel.remote().frame(Frame.CLOSE)).isNotNull();
        assertThat(tunnel.local().readToEnd()).isEmpty();
    }

    @Test
    void aServerThatSaysGoodbyeAndThenHangsIsLeft() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.remote().send(Frame.close(1000, ""));
        assertThat(tunnel.local().readToEnd()).isEmpty();
        tunnel.remote().end();
    }

    @Test
    void aServerThatDoesNotAnswerTheGoodbyeIsLeft() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.local().close();
        tunnel.remote().end();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theServersEndClosesTheLocalConnection(Ending ending) throws Exception {
        Tunnel tunnel = open(connected());
        ending.of(tunnel.remote());
        assertThat(tunnel.local().readToEnd()).isEmpty();
    }

    @Test
    void theLocalResetClosesTheDataConnection() throws Exception {
        Tunnel tunnel = open(connected());
        tunnel.local().reset();
        tunnel.remote().end();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void onlyThatOneStreamEnds(Ending ending) throws Exception {
        Connection control = connected();
        Tunnel staying = open(control);
        Tunnel ended = open(control);
        ending.of(ended.remote());
        ended.local().readToEnd();
        staying.remote().binary("still here");
        assertThat(staying.local().read(10)).isEqualTo(bytes("still here"));
        stillServes(control);
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void dataConnectionsOutliveTheControlConnection(Ending ending) throws Exception {
        Connection control = connected();
        Tunnel tunnel = open(control);
        ending.of(control);
        Connection next = accepted();
        tunnel.remote().binary("asked by the first");
        assertThat(tunnel.local().read(18)).isEqualTo(bytes("asked by the first"));
        tunnel.local().write(bytes("and answered"));
        assertThat(tunnel.remote().read(12)).isEqualTo(bytes("and answered"));
        stillServes(next);
    }

    @Test
    void aPickupUnderWayOutlivesTheControlConnection() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        Connection data = server.data();
        control.reset();
        accepted();
        data.accept().binary("late but welcome");
        assertThat(local.next().read(16)).isEqualTo(bytes("late but welcome"));
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
        Tunnel tunnel = open(control);
        tunnel.remote().binary("before,");
        tunnel.remote().raw(ControlFramesIT.unhex(hex));
        tunnel.remote().raw(new byte[256]);
        assertThat(new String(tunnel.local().readToEnd(), UTF_8)).startsWith("before,");
        tunnel.remote().end();
        stillServes(control);
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

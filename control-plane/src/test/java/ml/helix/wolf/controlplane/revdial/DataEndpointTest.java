package ml.helix.wolf.controlplane.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.testkit.ManualScheduler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataEndpointTest {
    private final FakeCoreSession session = new FakeCoreSession();
    private final ManualScheduler timers = new ManualScheduler();
    private final List<ByteStream> opened = new ArrayList<>();
    private final DataEndpoint socket = new DataEndpoint(timers, timers::nanoTime, "15", opened::add);

    @BeforeEach
    void open() {
        socket.onOpen(session, Callback.NOOP);
    }

    @Test
    void itIsHandedOverOnceOpen() {
        assertThat(opened).containsExactly(socket);
        assertThat(session.demands()).isEqualTo(1);
    }

    @Test
    void theNextFrameIsAskedForWhenThisOneIsReadAndOnTheThreadThatBroughtIt() throws Exception {
        Thread jetty = bring(binary("hello"));
        assertThat(read(3)).isEqualTo("hel");
        assertThat(session.demands()).isEqualTo(1);
        assertThat(jetty.isAlive()).isTrue();

        assertThat(read(3)).isEqualTo("lo");

        jetty.join();
        assertThat(session.demands()).isEqualTo(2);
        assertThat(session.lastDemandedBy).isEqualTo(jetty);
    }

    @ParameterizedTest
    @ValueSource(bytes = {OpCode.PING, OpCode.PONG, OpCode.BINARY})
    void moreEmptyFramesThanTheBudgetEndTheStreamWith1008(byte opCode) {
        for (int i = 0; i < FrameBudget.BURST; i++) {
            socket.onFrame(new Frame(opCode), Callback.NOOP);
        }
        int demands = session.demands();
        assertThat(session.closeCode).isZero();

        socket.onFrame(new Frame(opCode), Callback.NOOP);

        assertThat(session.closeCode).isEqualTo(CloseStatus.POLICY_VIOLATION);
        assertThat(session.demands()).isEqualTo(demands);
        assertThatThrownBy(() -> read(1)).hasMessageContaining("a second");
        socket.close();
        assertThat(session.closeCode)
                .as("whether the reader closes before or after")
                .isEqualTo(CloseStatus.POLICY_VIOLATION);
    }

    @Test
    void emptyFramesAndPongsArePassedOver() throws Exception {
        socket.onFrame(new Frame(OpCode.BINARY, false, ByteBuffer.allocate(0)), Callback.NOOP);
        socket.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
        assertThat(session.demands()).isEqualTo(3);
        bring(new Frame(OpCode.CONTINUATION, true, ByteBuffer.wrap(utf8("x"))));

        assertThat(read(10)).isEqualTo("x");
    }

    @Test
    void pingsAreAnsweredWithoutWaitingAndTheNewestOfThoseThatWait() throws Exception {
        session.holding = true;
        for (String payload : List.of("first", "stale", "newest")) {
            socket.onFrame(new Frame(OpCode.PING, true, ByteBuffer.wrap(utf8(payload))), Callback.NOOP);
        }
        assertThat(session.demands()).isEqualTo(4);
        assertThat(pongs()).containsExactly("first");

        session.held.getFirst().succeeded();

        assertThat(pongs()).containsExactly("first", "newest");
    }

    private List<String> pongs() {
        return session.sent.stream()
                .filter(frame -> frame.getOpCode() == OpCode.PONG)
                .map(Frame::getPayloadAsUTF8)
                .toList();
    }

    @Test
    void aPingGoesOutWhenNothingElseWasSentFor15Seconds() throws Exception {
        timers.advance(Duration.ofSeconds(10));
        socket.write(utf8("data"), 0, 4);
        timers.advance(Duration.ofSeconds(14));
        assertThat(session.count(OpCode.PING)).isZero();

        timers.advance(Duration.ofSeconds(1));
        assertThat(session.count(OpCode.PING)).isEqualTo(1);
        timers.advance(Duration.ofSeconds(15));
        assertThat(session.count(OpCode.PING)).isEqualTo(2);
    }

    @Test
    void noPingQueuesBehindOneThatTheSocketHasNotTaken() throws Exception {
        session.holding = true;

        timers.advance(Duration.ofSeconds(45));

        assertThat(session.count(OpCode.PING)).isEqualTo(1);
    }

    @Test
    void anAgentThatPromisedPingsAndIsSilentIsCutWithin60Seconds() {
        timers.advance(Duration.ofSeconds(45));
        socket.onFrame(new Frame(OpCode.PING), Callback.NOOP);
        timers.advance(Duration.ofSeconds(49));
        assertThat(session.aborted).isFalse();

        timers.advance(Duration.ofSeconds(1));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void anotherAgentMayLeavePingsUnansweredForEver() {
        var other = new FakeCoreSession();
        new DataEndpoint(timers, timers::nanoTime, "", stream -> {}).onOpen(other, Callback.NOOP);

        timers.advance(Duration.ofHours(1));

        assertThat(other.aborted).isFalse();
        assertThat(other.count(OpCode.PING)).isEqualTo(240);
    }

    @Test
    void anAgentIsNotTakenForGoneWhileNobodyReadsWhatItSent() throws Exception {
        bring(binary("unread"));
        assertThat(read(1)).isEqualTo("u"); // the rest waits
        timers.advance(Duration.ofHours(1));

        assertThat(session.aborted).isFalse();
    }

    @Test
    void whatCameBeforeTheEndIsReadFirst() throws Exception {
        bring(binary("last"));
        assertThat(read(1)).isEqualTo("l");
        socket.onError(new ClosedChannelException(), Callback.NOOP);
        socket.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

        assertThat(read(10)).isEqualTo("ast");
        assertThat(socket.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> socket.write(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    }

    @Test
    void aCloseFrameOfAnyCodeIsAnEnd() throws IOException {
        socket.onFrame(new CloseStatus(1012).toFrame(), Callback.NOOP);

        assertThat(socket.read(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void aBrokenConnectionIsNoEndInOrder() {
        socket.onError(new IOException("bad frame"), Callback.NOOP);

        assertThatThrownBy(() -> socket.read(new byte[1], 0, 1)).hasMessageContaining("bad frame");
    }

    @Test
    void closingWakesTheReader() throws Exception {
        var failed = new CompletableFuture<IOException>();
        Thread.ofVirtual().start(() -> {
            try {
                socket.read(new byte[1], 0, 1);
            } catch (IOException e) {
                failed.complete(e);
            }
        });

        socket.close();

        assertThat(failed.get(20, TimeUnit.SECONDS)).hasMessageContaining("closed");
    }

    @Test
    void closingSendsACloseFrameAndDropsWhatStillComes() throws Exception {
        Thread jetty = bring(binary("unread"));
        socket.close();
        jetty.join();
        assertThat(session.closeCode).isEqualTo(1000);
        assertThat(session.demands()).isEqualTo(2);

        socket.onFrame(binary("too late"), Callback.NOOP);
        assertThat(session.demands()).isEqualTo(3);
        assertThat(session.aborted).isFalse();
    }

    @Test
    void aPeerThatDoesNotCloseIsCut() {
        socket.close();
        timers.advance(DataEndpoint.LINGER.minusMillis(1));
        assertThat(session.aborted).isFalse();

        timers.advance(Duration.ofMillis(1));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void aPeerThatClosesLeavesNoTimer() {
        socket.close();
        socket.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

        timers.advance(DataEndpoint.LINGER);

        assertThat(session.aborted).isFalse();
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void closingCutsAWriteThatWaits() throws Exception {
        session.holding = true;
        var failed = new CompletableFuture<IOException>();
        Thread.ofVirtual().start(() -> {
            try {
                socket.write(utf8("never taken"), 0, 11);
            } catch (IOException e) {
                failed.complete(e);
            }
        });
        session.awaitHeld();

        socket.close();

        assertThat(failed.get(20, TimeUnit.SECONDS))
                .hasMessageContaining("broke")
                .hasRootCauseMessage("aborted");
        assertThat(session.closeCode).isZero();
    }

    /** On a thread of its own, as Jetty does. */
    private Thread bring(Frame frame) {
        return Thread.ofVirtual().start(() -> socket.onFrame(frame, Callback.NOOP));
    }

    private String read(int length) throws IOException {
        byte[] buffer = new byte[length];
        int read = socket.read(buffer, 0, length);
        return new String(buffer, 0, read, StandardCharsets.UTF_8);
    }

    private static Frame binary(String text) {
        return new Frame(OpCode.BINARY, true, ByteBuffer.wrap(utf8(text)));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

package ml.helix.wolf.controlplane.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.EndedStreamException;
import ml.helix.wolf.revdial.StreamLog;
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
    private final DataEndpoint endpoint = new DataEndpoint(timers, timers::nanoTime, "15", opened::add, null);

    @BeforeEach
    void open() {
        endpoint.onOpen(session, Callback.NOOP);
    }

    @Test
    void theStreamIsDeliveredWhenTheConnectionIsOpen() {
        assertThat(opened).containsExactly(endpoint);
        assertThat(session.demands()).isEqualTo(1);
    }

    @Test
    void theNextFrameIsDemandedWhenThisOneIsReadAndOnJettysThread() throws Exception {
        String large = "x".repeat(PayloadHandover.COPIED);
        Thread jetty = deliver(binary(large + "lo"));
        assertThat(read(large.length())).isEqualTo(large);
        assertThat(session.demands()).isEqualTo(1);
        assertThat(jetty.isAlive()).isTrue();

        assertThat(read(3)).isEqualTo("lo");

        jetty.join();
        assertThat(session.demands()).isEqualTo(2);
        assertThat(session.lastDemandedBy).isEqualTo(jetty);
    }

    @Test
    void afterASmallFrameTheNextOneIsDemandedAtOnce() throws Exception {
        endpoint.onFrame(binary("hello"), Callback.NOOP);
        assertThat(session.demands()).isEqualTo(2);
        assertThat(read(5)).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(bytes = {OpCode.PING, OpCode.PONG, OpCode.BINARY})
    void moreEmptyFramesThanTheBudgetEndTheStreamWith1008(byte opCode) {
        session.exceedBudget(endpoint, opCode);

        assertThatThrownBy(() -> read(1)).hasMessageContaining("a second");
        endpoint.close();
        assertThat(session.closeCode)
                .as("close code after the reader has closed too")
                .isEqualTo(CloseStatus.POLICY_VIOLATION);
    }

    @Test
    void emptyFramesAndPongsAreSkipped() throws Exception {
        endpoint.onFrame(new Frame(OpCode.BINARY, false, ByteBuffer.allocate(0)), Callback.NOOP);
        endpoint.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
        assertThat(session.demands()).isEqualTo(3);
        deliver(new Frame(OpCode.CONTINUATION, true, ByteBuffer.wrap(utf8("x"))));

        assertThat(read(10)).isEqualTo("x");
    }

    @Test
    void aPingIsAnsweredWithoutWaitingAndOfThoseThatWaitOnlyTheNewest() throws Exception {
        session.holding = true;
        for (String payload : List.of("first", "stale", "newest")) {
            endpoint.onFrame(new Frame(OpCode.PING, true, ByteBuffer.wrap(utf8(payload))), Callback.NOOP);
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
    void aPingIsSentWhenNothingElseWasSentFor15Seconds() throws Exception {
        timers.advance(Duration.ofSeconds(10));
        endpoint.write(utf8("data"), 0, 4);
        timers.advance(Duration.ofSeconds(14));
        assertThat(session.count(OpCode.PING)).isZero();

        timers.advance(Duration.ofSeconds(1));
        assertThat(session.count(OpCode.PING)).isEqualTo(1);
        timers.advance(Duration.ofSeconds(15));
        assertThat(session.count(OpCode.PING)).isEqualTo(2);
    }

    @Test
    void noSecondPingIsSentWhileOneWaitsForTheSocket() throws Exception {
        session.holding = true;

        timers.advance(Duration.ofSeconds(45));

        assertThat(session.count(OpCode.PING)).isEqualTo(1);
    }

    @Test
    void anAgentThatPromisedPingsAndIsSilentIsCutWithin60Seconds() {
        timers.advance(Duration.ofSeconds(45));
        endpoint.onFrame(new Frame(OpCode.PING), Callback.NOOP);
        timers.advance(Duration.ofSeconds(49));
        assertThat(session.aborted).isFalse();

        timers.advance(Duration.ofSeconds(1));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void anAgentThatPromisedNoPingsMayLeaveOursUnanswered() {
        var otherSession = new FakeCoreSession();
        new DataEndpoint(timers, timers::nanoTime, "", stream -> {}, null).onOpen(otherSession, Callback.NOOP);

        timers.advance(Duration.ofHours(1));

        assertThat(otherSession.aborted).isFalse();
        assertThat(otherSession.count(OpCode.PING)).isEqualTo(240);
    }

    @Test
    void anAgentIsNotCutWhileNobodyReadsWhatItSent() throws Exception {
        deliver(binary("u" + "x".repeat(PayloadHandover.COPIED)));
        assertThat(read(1)).isEqualTo("u"); // the rest waits
        timers.advance(Duration.ofHours(1));

        assertThat(session.aborted).isFalse();
    }

    @Test
    void bytesBeforeTheEndAreReadFirst() throws Exception {
        deliver(binary("last"));
        assertThat(read(1)).isEqualTo("l");
        endpoint.onError(new ClosedChannelException(), Callback.NOOP);
        endpoint.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

        assertThat(read(10)).isEqualTo("ast");
        assertThat(endpoint.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> endpoint.write(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    }

    @Test
    void aCloseFrameEndsTheStream() throws IOException {
        endpoint.onFrame(new CloseStatus(1012).toFrame(), Callback.NOOP);

        assertThat(endpoint.read(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void aBrokenConnectionMakesReadsFail() {
        endpoint.onError(new IOException("bad frame"), Callback.NOOP);

        assertThatThrownBy(() -> endpoint.read(new byte[1], 0, 1)).hasMessageContaining("bad frame");
    }

    @Test
    void closingWakesTheReader() throws Exception {
        var failed = new CompletableFuture<IOException>();
        Thread.ofVirtual().start(() -> {
            try {
                endpoint.read(new byte[1], 0, 1);
            } catch (IOException e) {
                failed.complete(e);
            }
        });

        endpoint.close();

        assertThat(failed.get(20, TimeUnit.SECONDS)).hasMessageContaining("closed");
    }

    @Test
    void closingSendsACloseFrameAndDropsLaterFrames() throws Exception {
        Thread jetty = deliver(binary("u" + "x".repeat(PayloadHandover.COPIED)));
        endpoint.close();
        jetty.join();
        assertThat(session.closeCode).isEqualTo(1000);
        assertThat(session.demands()).isEqualTo(2);

        endpoint.onFrame(binary("too late"), Callback.NOOP);
        assertThat(session.demands()).isEqualTo(3);
        assertThat(session.aborted).isFalse();
    }

    @Test
    void aPeerThatDoesNotCloseIsCut() {
        endpoint.close();
        timers.advance(DataEndpoint.LINGER.minusMillis(1));
        assertThat(session.aborted).isFalse();

        timers.advance(Duration.ofMillis(1));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void aPeerThatClosesLeavesNoTimer() {
        endpoint.close();
        endpoint.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

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
                endpoint.write(utf8("never taken"), 0, 11);
            } catch (IOException e) {
                failed.complete(e);
            }
        });
        session.awaitHeld();

        endpoint.close();

        assertThat(failed.get(20, TimeUnit.SECONDS))
                .hasMessageContaining("broke")
                .hasRootCauseMessage("aborted");
        assertThat(session.closeCode).isZero();
    }

    @Test
    void aReusedConnectionCarriesOneStreamAfterTheOther() throws Exception {
        DataEndpoint reused = reused();
        ByteStream first = opened.getLast();
        first.write(utf8("one"), 0, 3);
        assertThat(sent()).containsExactly("begin first", "one");
        reused.onFrame(text("ready"), Callback.NOOP); // out of place
        reused.onFrame(text("end"), Callback.NOOP);
        assertThat(first.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> first.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
        first.close();
        assertThat(sent()).endsWith("end");
        assertThat(offered).isEmpty();
        reused.onFrame(text("ready"), Callback.NOOP);

        String dialId = offered.keySet().iterator().next();
        ByteStream second = offered.get(dialId);
        first.close();
        assertThatThrownBy(() -> first.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
        second.write(utf8("two"), 0, 3);
        assertThat(sent()).endsWith("begin " + dialId, "two");
        Thread jetty = Thread.ofVirtual().start(() -> reused.onFrame(binary("answer"), Callback.NOOP));
        assertThat(second.read(new byte[10], 0, 10)).isEqualTo(6);
        jetty.join();
        timers.advance(DataEndpoint.LINGER);
        assertThat(session.aborted).isFalse();
        assertThat(session.closeCode).isZero();
    }

    @Test
    void whatComesOfAStreamAfterItsCloseIsNotOfTheNextOne() throws Exception {
        DataEndpoint reused = reused();
        ByteStream first = opened.getLast();
        first.write(utf8("one"), 0, 3);
        first.close();
        reused.onFrame(binary("too late"), Callback.NOOP);
        reused.onFrame(text("end"), Callback.NOOP);
        reused.onFrame(text("ready"), Callback.NOOP);
        reused.onFrame(text("end"), Callback.NOOP);

        assertThat(offered.values().iterator().next().read(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void aTextMessageMayComeInPieces() throws Exception {
        DataEndpoint reused = reused();
        ByteStream first = opened.getLast();
        first.write(utf8("one"), 0, 3);
        Thread jetty = Thread.ofVirtual().start(() -> {
            reused.onFrame(new Frame(OpCode.TEXT, false, "e"), Callback.NOOP);
            reused.onFrame(new Frame(OpCode.CONTINUATION, false, "n"), Callback.NOOP);
            reused.onFrame(new Frame(OpCode.CONTINUATION, true, "d"), Callback.NOOP);
        });
        assertThat(first.read(new byte[1], 0, 1)).as("no byte of the stream").isEqualTo(-1);
        jetty.join();
        first.close();
        reused.onFrame(new Frame(OpCode.TEXT, false, "rea"), Callback.NOOP);
        assertThat(offered).isEmpty();
        reused.onFrame(new Frame(OpCode.CONTINUATION, true, "dy"), Callback.NOOP);

        assertThat(offered).hasSize(1);
    }

    @Test
    void aTextMessageThatIsTooLongEndsTheConnectionWith1002() {
        DataEndpoint reused = reused();
        reused.onFrame(new Frame(OpCode.TEXT, true, "x".repeat(125)), Callback.NOOP);
        reused.onFrame(new Frame(OpCode.TEXT, false, "x".repeat(125)), Callback.NOOP);
        assertThat(session.closeCode).isZero();

        reused.onFrame(new Frame(OpCode.CONTINUATION, false, "x"), Callback.NOOP);

        assertThat(session.closeCode).isEqualTo(CloseStatus.PROTOCOL);
        assertThatThrownBy(() -> opened.getLast().read(new byte[1], 0, 1)).hasMessageContaining("longer than 125");
    }

    @Test
    void aConnectionThatIsOverOffersNoStream() throws Exception {
        DataEndpoint reused = reused();
        opened.getLast().write(utf8("one"), 0, 3);
        opened.getLast().close();
        reused.onFrame(text("end"), Callback.NOOP);
        reused.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);
        reused.onFrame(text("ready"), Callback.NOOP);

        assertThat(offered).isEmpty();
    }

    @Test
    void aStreamThatWasNotBegunEndsTheConnection() {
        reused();
        opened.getLast().close();
        assertThat(session.closeCode).isEqualTo(1000);
    }

    @Test
    void aStreamThatBrokeEndsTheConnection() throws Exception {
        DataEndpoint reused = reused();
        opened.getLast().write(utf8("one"), 0, 3);
        reused.onFrame(new CloseStatus(CloseStatus.SERVER_ERROR).toFrame(), Callback.NOOP);
        assertThatThrownBy(() -> opened.getLast().read(new byte[1], 0, 1)).isInstanceOf(IOException.class);
        opened.getLast().close();
        assertThat(sent()).doesNotContain("end");
    }

    @Test
    void anOldConnectionCarriesNoOtherStream() throws Exception {
        reused();
        opened.getLast().write(utf8("one"), 0, 3);
        timers.advance(DataEndpoint.REUSED_FOR);
        opened.getLast().close();
        assertThat(session.closeCode).isEqualTo(1000);
    }

    @Test
    void anAgentThatDoesNotEndItsStreamIsCut() throws Exception {
        reused();
        opened.getLast().write(utf8("one"), 0, 3);
        opened.getLast().close();
        timers.advance(DataEndpoint.LINGER);
        assertThat(session.aborted).isTrue();
    }

    private final Map<String, ByteStream> offered = new LinkedHashMap<>();

    private DataEndpoint reused() {
        StreamLog.ofDial("first").set();
        var reused = new DataEndpoint(timers, timers::nanoTime, "15", opened::add, offered::put);
        StreamLog.NONE.set();
        reused.onOpen(session, Callback.NOOP);
        return reused;
    }

    private List<String> sent() {
        return session.sent.stream().map(Frame::getPayloadAsUTF8).toList();
    }

    private static Frame text(String message) {
        return new Frame(OpCode.TEXT, true, message);
    }

    /** On its own thread, as Jetty does. */
    private Thread deliver(Frame frame) {
        return Thread.ofVirtual().start(() -> endpoint.onFrame(frame, Callback.NOOP));
    }

    private String read(int length) throws IOException {
        byte[] buffer = new byte[length];
        int read = endpoint.read(buffer, 0, length);
        return new String(buffer, 0, read, StandardCharsets.UTF_8);
    }

    private static Frame binary(String text) {
        return new Frame(OpCode.BINARY, true, ByteBuffer.wrap(utf8(text)));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

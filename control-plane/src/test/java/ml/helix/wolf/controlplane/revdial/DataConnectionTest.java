package ml.helix.wolf.controlplane.revdial;

import static ml.helix.wolf.testkit.Waiting.async;
import static ml.helix.wolf.testkit.Waiting.failure;
import static ml.helix.wolf.testkit.Waiting.result;
import static ml.helix.wolf.testkit.Waiting.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.EndedStreamException;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.Reuse;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import ml.helix.wolf.websocket.FrameWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DataConnectionTest {
    private record Offer(String dialId, ByteStream stream) {}

    private final FakePeer peer = new FakePeer();
    private final ManualScheduler timers = new ManualScheduler();
    private final BlockingQueue<Offer> offered = new LinkedBlockingQueue<>();
    private final AtomicInteger closed = new AtomicInteger();

    @Test
    void whatTheAgentSendsIsReadAndWhatIsWrittenIsSent() throws Exception {
        ByteStream stream = open("15", false);
        peer.agent.binary(utf8("hello"), 0, 5);
        assertThat(read(stream)).isEqualTo("hello");

        stream.write(utf8("world"), 0, 5);
        assertThat(peer.got()).containsExactly("world");
    }

    @Test
    void bytesThatCameWithTheRequestAreTheFirst() throws Exception {
        var first = new ByteArrayOutputStream();
        FrameWriter.masked(parts -> first.write(parts[0].array(), 0, parts[0].limit()))
                .binary(utf8("early"), 0, 5);
        var connection = new DataConnection(
                peer, ByteBuffer.wrap(first.toByteArray()), timers, timers::nanoTime, "", false, null, _ -> {});
        peer.agent.binary(utf8("late"), 0, 4);

        ByteStream stream = connection.open();
        assertThat(read(stream) + read(stream)).isEqualTo("earlylate");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x89, 0x8a, 0x82})
    void moreEmptyFramesThanTheBudgetEndTheStreamWith1008(int first) throws Exception {
        ByteStream stream = open("15", false);
        for (int i = 0; i <= FrameBudget.BURST; i++) {
            peer.sendRaw(first, 0x80, 0, 0, 0, 0);
        }

        assertThatThrownBy(() -> read(stream)).hasMessageContaining("a second");
        stream.close();
        until("close frame", () -> !peer.got().isEmpty() && peer.got().getLast().equals("<close 1008>"));
        peer.end();
        until("closed", peer::isClosed);
    }

    @Test
    void aFrameThatIsNotMaskedEndsTheStreamWith1002() throws Exception {
        ByteStream stream = open("15", false);
        peer.sendRaw(0x82, 1, 'x');

        assertThatThrownBy(() -> read(stream)).hasMessageContaining("not masked");
        until("close frame", () -> peer.got().equals(List.of("<close 1002>")));
    }

    @Test
    void aPingIsAnsweredEvenWhileAWriteWaitsAndThenOnlyTheNewest() throws Exception {
        ByteStream stream = open("15", false);
        CompletableFuture<String> read = async(() -> read(stream));
        peer.agent.ping(utf8("first"));
        until("pong", () -> peer.got().equals(List.of("<pong first>")));
        peer.hold(true);
        CompletableFuture<String> written = async(() -> {
            stream.write(utf8("data"), 0, 4);
            return "";
        });
        until("a write that waits", () -> peer.held() == 1);
        peer.agent.ping(utf8("stale"));
        peer.agent.ping(utf8("newest"));
        peer.agent.binary(utf8("x"), 0, 1);
        assertThat(result(read)).as("reading goes on").isEqualTo("x");
        peer.hold(false);
        result(written);

        until("pongs", () -> peer.got().contains("<pong newest>"));
        assertThat(peer.got()).doesNotContain("<pong stale>");
    }

    @Test
    void aPingIsSentWhenNoByteWasSentOrReceivedFor15Seconds() throws Exception {
        ByteStream stream = open("15", false);
        CompletableFuture<String> read = async(() -> read(stream));
        until("a read that waits", peer::isRead);
        timers.advance(Duration.ofSeconds(10));
        stream.write(utf8("data"), 0, 4);
        timers.advance(Duration.ofSeconds(14));
        assertThat(peer.got()).containsExactly("data");

        timers.advance(Duration.ofSeconds(1));
        until("ping", () -> peer.got().contains("<ping>"));
        assertThat(read).isNotDone();
    }

    @Test
    void anAgentThatPromisedPingsAndIsSilentIsCutWithin60Seconds() throws Exception {
        ByteStream stream = open("15", false);
        CompletableFuture<String> read = async(() -> read(stream));
        peer.agent.ping(utf8("p"));
        until("pong", () -> peer.got().contains("<pong p>"));

        timers.advance(Duration.ofSeconds(60));
        assertThat(failure(read)).isInstanceOf(IOException.class);
        assertThat(peer.isClosed()).isTrue();
        assertThat(closed.get()).isEqualTo(1);
    }

    @Test
    void anAgentThatPromisedNoPingsMayLeaveOursUnanswered() throws Exception {
        ByteStream stream = open("", false);
        CompletableFuture<String> read = async(() -> read(stream));
        timers.advance(Duration.ofHours(1));
        assertThat(peer.isClosed()).isFalse();

        peer.agent.binary(utf8("x"), 0, 1);
        assertThat(result(read)).isEqualTo("x");
    }

    @Test
    void bytesBeforeTheEndAreReadFirst() throws Exception {
        ByteStream stream = open("15", false);
        peer.agent.binary(utf8("last"), 0, 4);
        peer.end();

        assertThat(read(stream)).isEqualTo("last");
        assertThat(stream.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> stream.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1012, 4000})
    void aCloseFrameIsTheEndInOrderAndIsAnswered(int code) throws Exception {
        ByteStream stream = open("15", true);
        peer.agent.close(code, "");

        assertThat(stream.read(new byte[1], 0, 1)).isEqualTo(-1);
        stream.close();
        until("closed", peer::isClosed);
        assertThat(peer.got()).containsExactly("<close 1000>");
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void aFinOf1011OrAResetOrAFinThatHadToBeACloseFrameBreaksTheStream() throws Exception {
        ByteStream stream = open("15", false);
        peer.agent.close(1011, "");
        assertThatThrownBy(() -> read(stream)).hasMessageContaining("with an error");

        var other = new FakePeer();
        ByteStream reset = connection(other, "15", false, null).open();
        other.reset();
        assertThatThrownBy(() -> read(reset)).hasMessageContaining("reset");

        var third = new FakePeer();
        ByteStream bare = connection(third, "15", true, null).open();
        third.end();
        assertThatThrownBy(() -> read(bare)).hasMessageContaining("without a close frame");
    }

    @Test
    void closingSendsACloseFrameDropsWhatComesAndWaitsForThePeer() throws Exception {
        ByteStream stream = open("15", false);
        stream.write(utf8("all"), 0, 3);
        stream.close();
        until("end of the output", peer::hasEndedOutput);
        peer.agent.binary(utf8("too late"), 0, 8);
        until("dropped", () -> !peer.hasInput());
        assertThat(peer.isClosed()).isFalse();
        assertThat(peer.got()).containsExactly("all", "<close 1000>");

        peer.end();
        until("closed", peer::isClosed);
        until("no timer", () -> timers.waitingTasks() == 0);
        assertThatThrownBy(() -> read(stream)).hasMessageContaining("closed");
    }

    @Test
    void aPeerThatDoesNotCloseIsCut() throws Exception {
        ByteStream stream = open("15", false);
        stream.close();
        until("end of the output", peer::hasEndedOutput);
        timers.advance(DataConnection.LINGER.minusMillis(1));
        assertThat(peer.isClosed()).isFalse();

        timers.advance(Duration.ofMillis(1));
        assertThat(peer.isClosed()).isTrue();
    }

    @Test
    void aReadThatWaitsAtTheCloseEndsWhenSomethingComesAndTheRestIsDropped() throws Exception {
        ByteStream stream = open("15", false);
        CompletableFuture<String> read = async(() -> read(stream));
        until("a read that waits", peer::isRead);

        stream.close();
        until("close frame", () -> peer.got().contains("<close 1000>"));
        peer.agent.binary(utf8("too late"), 0, 8);
        assertThat(failure(read)).hasMessageContaining("was closed");
        until("a read that drops", peer::isRead);

        timers.advance(DataConnection.SILENCE);
        assertThat(peer.isClosed()).as("the agent may send on").isFalse();
        timers.advance(DataConnection.LINGER);
        assertThat(peer.isClosed()).isTrue();
    }

    @Test
    void aReadThatWaitsAtTheCloseIsCutIfTheAgentIsSilent() throws Exception {
        ByteStream stream = open("15", false);
        CompletableFuture<String> read = async(() -> read(stream));
        until("a read that waits", peer::isRead);

        stream.close();
        timers.advance(DataConnection.SILENCE);
        assertThat(failure(read)).isInstanceOf(IOException.class);
        assertThat(peer.isClosed()).isTrue();
    }

    @Test
    void aReadOfOneStreamThatWaitsAtItsCloseIsCutIfTheAgentIsSilent() throws Exception {
        ByteStream first = reused();
        first.write(utf8("x"), 0, 1);
        CompletableFuture<String> read = async(() -> read(first));
        until("a read that waits", peer::isRead);

        first.close();
        timers.advance(DataConnection.SILENCE);
        assertThat(failure(read)).isInstanceOf(IOException.class);
        assertThat(peer.isClosed()).isTrue();
    }

    @Test
    void aReadOfOneStreamThatWaitsAtItsCloseEndsWithTheStreamAndTheNextOneComes() throws Exception {
        ByteStream first = reused();
        first.write(utf8("x"), 0, 1);
        CompletableFuture<String> read = async(() -> read(first));
        until("a read that waits", peer::isRead);

        first.close();
        peer.agent.text(Reuse.END);
        assertThat(failure(read)).hasMessageContaining("was closed");
        until("reading ahead", peer::isRead);
        timers.advance(DataConnection.SILENCE);
        peer.agent.text(Reuse.READY);
        assertThat(offered.poll(10, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void closingCutsAWriteThatWaits() throws Exception {
        ByteStream stream = open("15", false);
        peer.hold(true);
        CompletableFuture<String> written = async(() -> {
            stream.write(utf8("never taken"), 0, 11);
            return "";
        });
        until("a write that waits", () -> peer.held() == 1);

        stream.close();

        assertThat(failure(written)).hasMessageContaining("broke");
        assertThat(peer.got()).isEmpty();
    }

    @Test
    void aStreamThatNobodyReadsSaysWhenTheFirstByteOrTheEndHasCome() throws Exception {
        ByteStream stream = open("15", false);
        var touched = new AtomicBoolean();
        assertThat(stream.watch(() -> touched.set(true))).isTrue();
        peer.agent.ping(utf8("p"));
        until("pong", () -> peer.got().contains("<pong p>"));
        assertThat(touched).isFalse();
        peer.agent.binary(utf8("first"), 0, 5);
        until("touched", touched::get);
        assertThat(read(stream)).isEqualTo("first");

        touched.set(false);
        stream.watch(() -> touched.set(true));
        peer.end();
        until("touched", touched::get);
        assertThatThrownBy(() -> stream.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
    }

    @Test
    void aReusedConnectionCarriesOneStreamAfterTheOther() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        assertThat(peer.got()).containsExactly("begin first", "one");
        peer.agent.text("ready"); // out of place
        peer.agent.text("unknown");
        peer.agent.text("end");
        assertThat(first.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> first.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
        first.close();
        until("end", () -> peer.got().contains("end"));
        assertThat(offered).isEmpty();
        peer.agent.text("ready");

        Offer second = Waiting.next(offered);
        first.close();
        assertThatThrownBy(() -> first.write(new byte[1], 0, 1)).isInstanceOf(EndedStreamException.class);
        assertThatThrownBy(() -> read(first)).hasMessageContaining("closed");
        second.stream().write(utf8("two"), 0, 3);
        assertThat(peer.got()).contains("begin " + second.dialId());
        peer.agent.binary(utf8("answer"), 0, 6);
        assertThat(read(second.stream())).isEqualTo("answer");
        timers.advance(DataConnection.LINGER.minusSeconds(1));
        assertThat(peer.isClosed()).isFalse();
    }

    @Test
    void aReadOfTheStreamBeforeDoesNotBreakTheNextOne() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        CompletableFuture<String> read = async(() -> read(first));
        first.close();
        peer.agent.binary(utf8("too late"), 0, 8);
        assertThat(failure(read)).hasMessageContaining("closed");
        peer.agent.text("end");
        peer.agent.text("ready");
        ByteStream second = Waiting.next(offered).stream();
        assertThatThrownBy(() -> read(first)).hasMessageContaining("closed");

        second.write(utf8("two"), 0, 3);
        peer.agent.binary(utf8("answer"), 0, 6);
        assertThat(read(second)).isEqualTo("answer");
    }

    @Test
    void whatComesOfAStreamAfterItsCloseIsNotOfTheNextOne() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        first.close();
        peer.agent.binary(utf8("too late"), 0, 8);
        peer.agent.text("end");
        peer.agent.text("ready");
        peer.agent.text("end");

        assertThat(Waiting.next(offered).stream().read(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void aTextMessageThatIsTooLongEndsTheConnectionWith1002() throws Exception {
        ByteStream first = reused();
        peer.agent.text("x".repeat(125));
        peer.sendRaw(0x81, 0x80 | 126, 0, 126, 0, 0, 0, 0);

        assertThatThrownBy(() -> read(first)).hasMessageContaining("longer than 125");
        until("close frame", () -> peer.got().contains("<close 1002>"));
    }

    @Test
    void aConnectionThatEndsBetweenTwoStreamsIsClosed() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        first.close();
        peer.agent.text("end");
        peer.end();

        until("closed", peer::isClosed);
        assertThat(offered).isEmpty();
        assertThat(closed.get()).isEqualTo(1);
    }

    @Test
    void aStreamThatWasNotBegunEndsTheConnection() throws Exception {
        reused().close();
        until("close frame", () -> peer.got().contains("<close 1000>"));
    }

    @Test
    void aStreamThatBrokeEndsTheConnection() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        peer.agent.close(1011, "");
        assertThatThrownBy(() -> read(first)).isInstanceOf(IOException.class);
        first.close();
        until("closed", peer::isClosed);
        assertThat(peer.got()).doesNotContain("end");
    }

    @Test
    void anOldConnectionCarriesNoOtherStream() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        timers.advance(DataConnection.REUSED_FOR);
        first.close();
        until("close frame", () -> peer.got().contains("<close 1000>"));
    }

    @Test
    void anAgentThatDoesNotEndItsStreamIsCut() throws Exception {
        ByteStream first = reused();
        first.write(utf8("one"), 0, 3);
        first.close();
        until("end", () -> peer.got().contains("end"));
        timers.advance(DataConnection.LINGER);
        assertThat(peer.isClosed()).isTrue();
    }

    private ByteStream open(String promise, boolean closeFrameRequired) {
        return connection(peer, promise, closeFrameRequired, null).open();
    }

    private ByteStream reused() {
        StreamLog.ofDial("first").set();
        DataConnection connection =
                connection(peer, "15", true, (dialId, stream) -> offered.add(new Offer(dialId, stream)));
        StreamLog.NONE.set();
        return connection.open();
    }

    private DataConnection connection(
            FakePeer at, String promise, boolean closeFrameRequired, DataConnection.Next next) {
        return new DataConnection(
                at,
                ByteBuffer.allocate(0),
                timers,
                timers::nanoTime,
                promise,
                closeFrameRequired,
                next,
                _ -> closed.incrementAndGet());
    }

    private static String read(ByteStream stream) throws IOException {
        byte[] buffer = new byte[1000];
        int read = stream.read(buffer, 0, buffer.length);
        return new String(buffer, 0, read, StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

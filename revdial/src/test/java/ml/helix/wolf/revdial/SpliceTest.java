package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

class SpliceTest {
    private final AtomicLong toRight = new AtomicLong();
    private final AtomicLong toLeft = new AtomicLong();

    /** caller ↔ caller.right = the splice = wolf.left ↔ wolf.right: the test holds the outer ends. */
    private final Pipe caller = new Pipe();

    private final Pipe wolf = new Pipe();

    private final AtomicLong clock = new AtomicLong();

    @Test
    void bytesGoBothWaysAndAreCounted() throws Exception {
        CompletableFuture<Splice.End> end = start(caller, wolf);
        write(caller.left, "request");
        assertThat(read(wolf.right, 7)).isEqualTo("request");
        write(wolf.right, "answer!!");
        assertThat(read(caller.left, 8)).isEqualTo("answer!!");
        wolf.right.close();
        Waiting.result(end);
        assertThat(toRight).hasValue(7);
        assertThat(toLeft).hasValue(8);
    }

    @Test
    void everyByteBeforeTheEndOfTheRightSideIsDelivered() throws Exception {
        byte[] answer = random(300_000);
        CompletableFuture<Splice.End> end = start(caller, wolf);
        wolf.right.write(answer, 0, answer.length);
        wolf.right.close();
        assertThat(readAll(caller.left)).isEqualTo(answer);
        assertThat(Waiting.result(end)).isEqualTo(new Splice.End(false, null));
        assertThat(Pipe.isClosed(caller.right)).isTrue();
        assertThat(Pipe.isClosed(wolf.left)).isTrue();
    }

    @Test
    void everyByteBeforeTheEndOfTheLeftSideIsDelivered() throws Exception {
        byte[] request = random(300_000);
        CompletableFuture<Splice.End> end = start(caller, wolf);
        caller.left.write(request, 0, request.length);
        caller.left.close();
        assertThat(readAll(wolf.right)).isEqualTo(request);
        assertThat(Waiting.result(end)).isEqualTo(new Splice.End(true, null));
        assertThat(Pipe.isClosed(caller.right)).isTrue();
        assertThat(Pipe.isClosed(wolf.left)).isTrue();
    }

    @Test
    void theEndWaitsUntilASlowReaderHasTakenEveryByteBeforeIt() throws Exception {
        Pipe slow = new Pipe(10);
        CompletableFuture<Splice.End> end = start(slow, wolf);
        write(wolf.right, "0123456789abcdefghij");
        wolf.right.close();
        Waiting.until("the buffer is full", () -> Pipe.buffered(slow.left) == 10);
        assertThat(Pipe.isClosed(slow.right)).isFalse();
        assertThat(new String(readAll(slow.left))).isEqualTo("0123456789abcdefghij");
        Waiting.result(end);
    }

    @Test
    void anErrorOfTheRightSideClosesBothAfterTheBytesBeforeIt() throws Exception {
        CompletableFuture<Splice.End> end = start(caller, wolf);
        write(wolf.right, "half an answ");
        Waiting.until("it is through", () -> Pipe.buffered(caller.left) == 12);
        Pipe.reset(wolf.right);
        assertThat(new String(readAll(caller.left))).isEqualTo("half an answ");
        assertThat(Waiting.result(end)).satisfies(e -> {
            assertThat(e.left()).isFalse();
            assertThat(e.error()).hasMessage("reset");
        });
    }

    @Test
    void anErrorOfTheLeftSideClosesBothAfterTheBytesBeforeIt() throws Exception {
        CompletableFuture<Splice.End> end = start(caller, wolf);
        write(caller.left, "half a requ");
        Waiting.until("it is through", () -> Pipe.buffered(wolf.right) == 11);
        Pipe.reset(caller.left);
        assertThat(new String(readAll(wolf.right))).isEqualTo("half a requ");
        assertThat(Waiting.result(end)).satisfies(e -> {
            assertThat(e.left()).isTrue();
            assertThat(e.error()).hasMessage("reset");
        });
    }

    @Test
    void anAnswerSentBeforeASideStoppedTakingBytesIsStillDelivered() throws Exception {
        CountDownLatch writeFailed = new CountDownLatch(1);
        ByteStream broken = new BrokenOutput(wolf.left, writeFailed::countDown);
        CompletableFuture<Splice.End> end = Waiting.async(
                () -> splice(caller.right, broken, Duration.ofHours(1)).run());
        write(caller.left, "a body that nobody reads");
        writeFailed.await();
        write(wolf.right, "413");
        wolf.right.close();
        assertThat(new String(readAll(caller.left))).isEqualTo("413");
        assertThat(Waiting.result(end).left()).isFalse();
        assertThat(toRight).hasValue(0);
    }

    @Test
    void aSideThatTakesNoBytesAndSaysNothingIsGivenUp() throws Exception {
        ByteStream broken = new BrokenOutput(wolf.left, () -> {});
        CompletableFuture<Splice.End> end = Waiting.async(
                () -> splice(caller.right, broken, Duration.ofMillis(1)).run());
        write(caller.left, "x");
        assertThat(Waiting.result(end).error()).hasMessage("broken pipe");
        assertThat(Pipe.isClosed(caller.right)).isTrue();
        assertThat(Pipe.isClosed(wolf.left)).isTrue();
    }

    @Test
    void twoSidesThatBothTakeNoBytesEndIt() throws Exception {
        CompletableFuture<Splice.End> end = Waiting.async(() -> splice(
                        new BrokenOutput(caller.right, () -> {}),
                        new BrokenOutput(wolf.left, () -> {}),
                        Duration.ofHours(1))
                .run());
        write(caller.left, "x");
        write(wolf.right, "y");
        assertThat(Waiting.result(end).error()).hasMessage("broken pipe");
    }

    @Test
    void aReaderThatStopsStopsTheWriterAndNothingPilesUpInBetween() throws Exception {
        Pipe stopped = new Pipe(1000);
        Pipe source = new Pipe(1000);
        CompletableFuture<Splice.End> end = start(stopped, source);
        byte[] answer = random(100_000);
        CompletableFuture<Void> writing = Waiting.async(() -> {
            source.right.write(answer, 0, answer.length);
            source.right.close();
            return null;
        });
        Waiting.until(
                "both buffers are full",
                () -> Pipe.buffered(stopped.left) == 1000 && Pipe.buffered(source.left) == 1000);
        assertThat(writing).isNotDone();
        assertThat(toLeft.get()).isLessThanOrEqualTo(1000);

        write(stopped.left, "the other direction goes on");
        assertThat(read(source.right, 27)).isEqualTo("the other direction goes on");

        assertThat(readAll(stopped.left)).isEqualTo(answer);
        Waiting.result(writing);
        Waiting.result(end);
        assertThat(toLeft).hasValue(100_000);
    }

    @Test
    void closingAStreamFromOutsideEndsIt() throws Exception {
        CompletableFuture<Splice.End> end = start(caller, wolf);
        wolf.left.close();
        Waiting.result(end);
        assertThat(readAll(caller.left)).isEmpty();
    }

    @Test
    void aBusyDirectionRunsOnAPlatformThreadUntilItIsQuietForASecond() throws Exception {
        var threads = new PlatformThreads(1);
        var reads = new LinkedBlockingQueue<Boolean>();
        ByteStream noted = new NotedReads(caller.right, reads::add);
        CompletableFuture<Splice.End> end =
                Waiting.async(() -> splice(noted, wolf.left, threads).run());
        for (int i = 0; i < Pace.BUSY_READS; i++) {
            passOne();
        }
        assertThat(reads).hasSize(Pace.BUSY_READS).containsOnly(false);
        passOne();
        assertThat(reads).last().isEqualTo(true);

        assertThat(threads.run(() -> {})).as("another thread is free").isFalse();
        passOne();
        clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        passOne();
        assertThat(reads).last().isEqualTo(true);
        passOne();
        assertThat(reads).last().isEqualTo(false);
        assertThat(threads.run(() -> {})).as("the thread is free again").isTrue();

        caller.left.close();
        assertThat(Waiting.result(end)).isEqualTo(new Splice.End(true, null));
    }

    @Test
    void aStreamThatEndsOnAPlatformThreadEndsTheSplice() throws Exception {
        var reads = new LinkedBlockingQueue<Boolean>();
        ByteStream noted = new NotedReads(caller.right, reads::add);
        CompletableFuture<Splice.End> end = Waiting.async(
                () -> splice(noted, wolf.left, new PlatformThreads(1)).run());
        for (int i = 0; i <= Pace.BUSY_READS; i++) {
            passOne();
        }
        assertThat(reads).last().isEqualTo(true);
        Pipe.reset(caller.left);
        assertThat(Waiting.result(end).error()).hasMessage("reset");
        assertThat(Pipe.isClosed(wolf.left)).isTrue();
    }

    @Test
    void withoutAFreePlatformThreadABusyDirectionGoesOnWhereItIs() throws Exception {
        var reads = new LinkedBlockingQueue<Boolean>();
        ByteStream noted = new NotedReads(caller.right, reads::add);
        var threads = new PlatformThreads(1);
        var release = new Semaphore(0);
        var lent = new CountDownLatch(1);
        CompletableFuture<Boolean> other = Waiting.async(() -> threads.run(() -> {
            lent.countDown();
            release.acquireUninterruptibly();
        }));
        lent.await();
        CompletableFuture<Splice.End> end =
                Waiting.async(() -> splice(noted, wolf.left, threads).run());
        for (int i = 0; i < 3 * Pace.BUSY_READS; i++) {
            passOne();
        }
        assertThat(reads).containsOnly(false);
        release.release();
        assertThat(Waiting.result(other)).isTrue();
        wolf.right.close();
        Waiting.result(end);
    }

    /** One byte from the caller to Wolf. */
    private void passOne() throws IOException {
        write(caller.left, "x");
        read(wolf.right, 1);
    }

    private Splice splice(ByteStream left, ByteStream right, Duration linger) {
        return new Splice(
                left, right, toRight::addAndGet, toLeft::addAndGet, linger, System::nanoTime, PlatformThreads.SHARED);
    }

    private Splice splice(ByteStream left, ByteStream right, PlatformThreads threads) {
        return new Splice(left, right, toRight::addAndGet, toLeft::addAndGet, Duration.ofHours(1), clock::get, threads);
    }

    private CompletableFuture<Splice.End> start(Pipe left, Pipe right) {
        return Waiting.async(() -> new Splice(left.right, right.left, toRight::addAndGet, toLeft::addAndGet).run());
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static void write(ByteStream stream, String text) throws IOException {
        stream.write(text.getBytes(), 0, text.length());
    }

    private static String read(ByteStream stream, int length) throws IOException {
        byte[] bytes = new byte[length];
        int count = 0;
        while (count < length) {
            int read = stream.read(bytes, count, length - count);
            assertThat(read).isPositive();
            count += read;
        }
        return new String(bytes);
    }

    private static byte[] readAll(ByteStream stream) throws Exception {
        return Waiting.result(Waiting.async(() -> {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] buffer = new byte[777];
            try {
                for (int n = stream.read(buffer, 0, 777); n >= 0; n = stream.read(buffer, 0, 777)) {
                    all.write(buffer, 0, n);
                }
            } catch (IOException e) {
                assertThat(e).hasMessage("reset");
            }
            return all.toByteArray();
        }));
    }

    /** Says for each read that returned bytes whether it was on a platform thread. */
    private static final class NotedReads extends WatchedStream {
        private final Consumer<Boolean> note;

        NotedReads(ByteStream stream, Consumer<Boolean> note) {
            super(stream, () -> {});
            this.note = note;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            note.accept(!Thread.currentThread().isVirtual());
            return count;
        }
    }

    /** Fails each write, as a broken socket does. */
    private static final class BrokenOutput extends WatchedStream {
        private final Runnable onWrite;

        BrokenOutput(ByteStream stream, Runnable onWrite) {
            super(stream, () -> {});
            this.onWrite = onWrite;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            onWrite.run();
            throw new IOException("broken pipe");
        }
    }
}

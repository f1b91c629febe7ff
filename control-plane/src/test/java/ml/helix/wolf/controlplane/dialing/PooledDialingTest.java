package ml.helix.wolf.controlplane.dialing;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

class PooledDialingTest {
    private static final String ID = "wolf-1";

    private final ManualScheduler timers = new ManualScheduler();
    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final Agents agents = new Agents();
    private final PooledDialing pool =
            new PooledDialing(agents, 4, 6, new PoolMetrics(metrics), timers, timers::nanoTime);

    @Test
    void aSingleDialAsksForNothingAhead() {
        pool.dial(ID);
        assertThat(agents.asked).hasSize(1);
        assertThat(agents.ahead).isEmpty();
        assertThat(counter("misses")).isEqualTo(1);
    }

    @Test
    void aBusyRunnersNextDialGetsWhatWasPickedUpAheadAndItsSuccessorIsAskedFor() throws Exception {
        pool.dial(ID);
        pool.dial(ID);
        Stream ready = pickUpAhead(1).getFirst();
        Dial dial = pool.dial(ID);
        assertThat(dial.isSettled()).isTrue();
        assertThat(dial.isPickedUpAhead()).isTrue();
        assertThat(agents.asked).as("the first two only").hasSize(2);
        assertThat(counter("hits")).isEqualTo(1);
        agents.nextAhead(); // the successor
        agents.nextAhead(); // and one more: it is busier now

        ByteStream stream = dial.await();
        stream.write(new byte[] {1, 2}, 0, 2);
        assertThat(ready.written).containsExactly(2);
        ready.bytes.add(3);
        assertThat(stream.read(new byte[10], 0, 10)).isEqualTo(3);
        stream.close();
        assertThat(ready.closed).isTrue();
    }

    @Test
    void theOldestIsTakenFirst() throws Exception {
        dial(ID, 5);
        List<Stream> ready = pickUpAhead(4);
        for (Stream expected : ready) {
            pool.dial(ID).await().close();
            assertThat(expected.closed).isTrue();
        }
    }

    @Test
    void noRunnerHasMoreThanItsLimitAndAllTogetherNoMoreThanTheirs() throws Exception {
        assertThat(gauge("limit")).isEqualTo(6);
        dial(ID, 100);
        assertThat(agents.ahead).hasSize(4);
        assertThat(counter("full")).as("the runner's own limit doesn't count").isZero();
        dial("wolf-2", 100);
        assertThat(agents.ahead).hasSize(6);
        assertThat(counter("full")).isPositive();
        pickUpAhead(6);
        dial("wolf-3", 100);
        assertThat(agents.ahead).isEmpty();
    }

    @Test
    void whatNobodyNeedsIsClosedWithinSeconds() throws Exception {
        dial(ID, 5);
        List<Stream> ready = pickUpAhead(4);
        timers.advance(Duration.ofMillis(1500));
        assertThat(ready).filteredOn(stream -> stream.closed).hasSizeBetween(1, 3);
        timers.advance(Duration.ofMillis(1500));
        assertThat(ready).allMatch(stream -> stream.closed);
        assertThat(gauge()).isZero();
        assertThat(counter("discarded")).isEqualTo(4);
        timers.advance(Duration.ofSeconds(10));
        dial("wolf-2", 100);
        assertThat(agents.ahead).as("their places are free").hasSize(4);
    }

    @Test
    void oneThatComesWhenNobodyNeedsItAnyMoreIsClosed() throws Exception {
        dial(ID, 2);
        timers.advance(Duration.ofSeconds(5));
        Stream late = new Stream();
        agents.nextAhead().complete(late);
        Waiting.until("it is closed", () -> late.closed);
        assertThat(gauge()).isZero();
    }

    @Test
    void oneWhoseWolfHasClosedIsThrownAwayAndNotReplacedBeforeTheRunnerIsBusyAgain() throws Exception {
        dial(ID, 3);
        List<Stream> ready = pickUpAhead(2);
        ready.getFirst().bytes.add(-1);
        Waiting.until("it is closed", () -> ready.getFirst().closed);
        assertThat(gauge()).isEqualTo(1);
        assertThat(agents.ahead).isEmpty();
        assertThat(pool.dial(ID).isPickedUpAhead()).as("the other one").isTrue();
        assertThat(agents.ahead).isEmpty();
    }

    @Test
    void oneOnWhichBytesHaveComeIsNotUsed() throws Exception {
        dial(ID, 2);
        Stream ready = pickUpAhead(1).getFirst();
        ready.bytes.add(5);
        Waiting.until("the bytes are read", ready.bytes::isEmpty);
        Waiting.until("it reads on", () -> ready.reads == 2);
        assertThat(pool.dial(ID).isPickedUpAhead()).isFalse();
        assertThat(ready.closed).isTrue();
    }

    @Test
    void oneThatHasCarriedAStreamIsTakenAgain() throws Exception {
        dial(ID, 2);
        var returned = new Stream();
        pool.offer(ID, "returned", returned);
        assertThat(gauge()).isEqualTo(1);
        Dial dial = pool.dial(ID);
        assertThat(dial.id()).isEqualTo("returned");
        dial.await().close();
        assertThat(returned.closed).isTrue();
    }

    @Test
    void asManyAreKeptAsWereNeededLately() throws Exception {
        dial(ID, 5);
        List<Stream> returned = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            returned.add(new Stream());
            pool.offer(ID, "returned", returned.getLast());
        }
        assertThat(gauge())
                .as("more than are asked for ahead, for all runners together 6")
                .isEqualTo(2);
        assertThat(returned).filteredOn(stream -> stream.closed).hasSize(4);
        timers.advance(Duration.ofSeconds(3));
        assertThat(gauge()).isZero();
    }

    @Test
    void oneOfARunnerThatIsNotBusyIsClosed() {
        pool.dial(ID);
        var returned = new Stream();
        pool.offer(ID, "returned", returned);
        assertThat(returned.closed).isTrue();
    }

    @Test
    void aFreshDialTakesNoneThatWasPickedUpAhead() throws Exception {
        dial(ID, 2);
        pickUpAhead(1);
        assertThat(pool.dialFresh(ID).isPickedUpAhead()).isFalse();
        assertThat(gauge()).isEqualTo(1);
    }

    @Test
    void withALimitOf0NothingIsAskedFor() {
        var off = new PooledDialing(agents, 0, 6, new PoolMetrics(new PrometheusRegistry()), timers, timers::nanoTime);
        for (int i = 0; i < 10; i++) {
            off.dial(ID);
        }
        assertThat(agents.ahead).isEmpty();
        assertThat(agents.asked).hasSize(10);
    }

    @Test
    void closingClosesWhatIsIdleAndWhatStillComes() throws Exception {
        dial(ID, 3);
        Stream idle = pickUpAhead(1, 2).getFirst();
        pool.close();
        assertThat(idle.closed).isTrue();
        Stream late = new Stream();
        agents.nextAhead().complete(late);
        Waiting.until("it is closed", () -> late.closed);
        dial(ID, 10);
        assertThat(agents.ahead).isEmpty();
    }

    private void dial(String id, int times) {
        for (int i = 0; i < times; i++) {
            pool.dial(id);
        }
    }

    private List<Stream> pickUpAhead(int count) throws Exception {
        return pickUpAhead(count, count);
    }

    /** Picks up the first of those that are asked for. */
    private List<Stream> pickUpAhead(int count, int asked) throws Exception {
        Waiting.until(asked + " are asked for", () -> agents.ahead.size() >= asked);
        List<Stream> streams = new CopyOnWriteArrayList<>();
        for (int i = 0; i < count; i++) {
            var stream = new Stream();
            agents.nextAhead().complete(stream);
            streams.add(stream);
            int idle = i + 1;
            Waiting.until(idle + " are idle", () -> gauge() >= idle);
        }
        return streams;
    }

    private double counter(String name) {
        return metrics.scrape(metric -> metric.equals("wolf_control_plane_pool_" + name)).stream()
                .mapToDouble(snapshot ->
                        ((CounterSnapshot) snapshot).getDataPoints().getFirst().getValue())
                .sum();
    }

    private double gauge() {
        return gauge("idle");
    }

    private double gauge(String name) {
        return metrics.scrape(metric -> metric.equals("wolf_control_plane_pool_" + name)).stream()
                .mapToDouble(snapshot ->
                        ((GaugeSnapshot) snapshot).getDataPoints().getFirst().getValue())
                .sum();
    }

    /** Notes what is asked for; the test picks up. */
    private static final class Agents implements Dialing {
        private final List<String> asked = new CopyOnWriteArrayList<>();
        private final BlockingQueue<CompletableFuture<ByteStream>> ahead = new LinkedBlockingQueue<>();

        CompletableFuture<ByteStream> nextAhead() throws InterruptedException {
            return Waiting.next(ahead);
        }

        @Override
        public Dial dial(String runnerId) {
            asked.add(runnerId);
            return new Pending(CompletableFuture.failedFuture(new DialException(runnerId, new NoConnection())));
        }

        @Override
        public Dial dialAhead(String runnerId) {
            var outcome = new CompletableFuture<ByteStream>();
            ahead.add(outcome);
            return new Pending(outcome);
        }
    }

    private record Pending(CompletableFuture<ByteStream> outcome) implements Dial {
        @Override
        public ByteStream await() throws DialException, InterruptedException {
            try {
                return outcome.get();
            } catch (ExecutionException e) {
                throw (DialException) e.getCause();
            }
        }

        @Override
        public boolean isSettled() {
            return outcome.isDone();
        }

        @Override
        public void withdraw() {}
    }

    /** Gives as many bytes as the test says, -1 for the end. */
    private static final class Stream implements ByteStream {
        private final BlockingQueue<Integer> bytes = new LinkedBlockingQueue<>();
        private final List<Integer> written = new CopyOnWriteArrayList<>();
        private volatile boolean closed;
        private volatile int reads;

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            reads++;
            try {
                return bytes.take();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {
            written.add(length);
        }

        @Override
        public void close() {
            closed = true;
            bytes.add(-1);
        }
    }
}

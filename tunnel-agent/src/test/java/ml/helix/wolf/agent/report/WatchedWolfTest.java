package ml.helix.wolf.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.revdial.ByteStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WatchedWolfTest {
    private final AtomicLong now = new AtomicLong();
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry());
    private final AtomicInteger dials = new AtomicInteger();
    private final AtomicInteger questions = new AtomicInteger();
    private volatile Optional<String> trouble = Optional.empty();
    private volatile boolean up = true;
    private volatile CountDownLatch hole = new CountDownLatch(0);
    private WatchedWolf wolf = with(Duration.ofMinutes(5));

    @BeforeEach
    void probe() {
        wolf.probe();
        up = false;
    }

    @Test
    void nobodyLooksAgainBeforeTheFirstProbe() {
        wolf = with(Duration.ofMinutes(5));
        after(Duration.ofHours(1));
        wolf.refresh();
        assertThat(dials).as("the other's probe").hasValue(1);
    }

    @Test
    void whatWasSeenWithin5SecondsIsTold() {
        after(Duration.ofSeconds(5));
        wolf.refresh();
        assertThat(dials).hasValue(1);
        assertThat(report.status().wolf().reachable()).contains(true);
    }

    @Test
    void whatIsOlderIsLookedAtBeforeItIsTold() {
        after(Duration.ofSeconds(6));
        wolf.refresh();
        assertThat(dials).hasValue(2);
        assertThat(report.status().wolf().reachable()).contains(false);
        wolf.refresh();
        assertThat(dials).as("it is fresh now").hasValue(2);
    }

    @Test
    void aProbeAsksAndALookOnlyConnects() {
        up = true;
        trouble = Optional.of("it answers 500");
        after(Duration.ofSeconds(6));
        wolf.refresh();
        assertThat(questions).as("the first probe's").hasValue(1);
        assertThat(report.status().wolf().healthy()).contains(true);
        wolf.probe();
        assertThat(report.status().wolf().healthy()).contains(false);
        assertThat(report.status().wolf().error()).contains("it answers 500");
    }

    @Test
    void anUnreachableWolfSaysWhy() {
        wolf.probe();
        assertThat(report.status().wolf().error()).contains("gone");
    }

    @Test
    void aBlackHoleDelaysNobodyForLongAndIsLookedIntoOnce() throws Exception {
        wolf = with(Duration.ofMillis(1));
        wolf.probe();
        assertThat(report.status().wolf().reachable()).contains(false);
        hole = new CountDownLatch(1);
        after(Duration.ofSeconds(6));
        for (int i = 0; i < 10; i++) {
            wolf.refresh();
        }
        assertThat(report.status().wolf().reachable())
                .as("nothing newer is known")
                .contains(false);
        up = true;
        hole.countDown();
        while (report.status().wolf().reachable().equals(Optional.of(false))) {
            assertThat(Thread.interrupted()).as("waited too long").isFalse();
        }
        assertThat(dials).as("two probes and one look").hasValue(3);
    }

    private WatchedWolf with(Duration patience) {
        return new WatchedWolf(this::dial, this::asked, report, now::get, patience);
    }

    private Optional<String> asked(ByteStream connection) {
        questions.incrementAndGet();
        return trouble;
    }

    private ByteStream dial() throws WolfUnreachableException {
        dials.incrementAndGet();
        try {
            hole.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (!up) {
            throw new WolfUnreachableException("gone", new IllegalStateException());
        }
        return new Silent();
    }

    private void after(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private record Silent() implements ByteStream {
        @Override
        public int read(byte[] buffer, int offset, int length) {
            return -1;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {}

        @Override
        public void close() {}
    }
}

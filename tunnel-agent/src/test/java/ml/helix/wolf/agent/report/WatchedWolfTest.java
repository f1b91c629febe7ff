package ml.helix.wolf.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry(), List.of("http://helix"));
    private final AtomicInteger dials = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private volatile Optional<String> problem = Optional.empty();
    private volatile boolean up = true;
    private volatile CountDownLatch hole = new CountDownLatch(0);
    private WatchedWolf wolf = with(Duration.ofMinutes(5));

    @BeforeEach
    void probe() {
        wolf.probe();
        up = false;
    }

    @Test
    void aRefreshBeforeTheFirstProbeDoesNothing() {
        wolf = with(Duration.ofMinutes(5));
        after(Duration.ofHours(1));
        wolf.refresh();
        assertThat(dials).as("the first WatchedWolf's probe").hasValue(1);
    }

    @Test
    void aRefreshWithin5SecondsOfADialDoesNothing() {
        after(Duration.ofSeconds(5));
        wolf.refresh();
        assertThat(dials).hasValue(1);
        assertThat(report.status().wolf().reachable()).contains(true);
    }

    @Test
    void aLaterRefreshConnects() {
        after(Duration.ofSeconds(6));
        wolf.refresh();
        assertThat(dials).hasValue(2);
        assertThat(report.status().wolf().reachable()).contains(false);
        wolf.refresh();
        assertThat(dials).as("it is fresh now").hasValue(2);
    }

    @Test
    void aProbeAsksAndARefreshOnlyConnects() {
        up = true;
        problem = Optional.of("it answers 500");
        after(Duration.ofSeconds(6));
        wolf.refresh();
        assertThat(requests).as("the first probe's").hasValue(1);
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
    void aWolfThatDropsPacketsDelaysTheStatusLittleAndIsDialledOnce() throws Exception {
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
            assertThat(Thread.interrupted()).as("waits too long").isFalse();
        }
        assertThat(dials).as("two probes and one refresh").hasValue(3);
    }

    private WatchedWolf with(Duration patience) {
        return new WatchedWolf(this::dial, this::ask, report, now::get, patience);
    }

    private Optional<String> ask(ByteStream connection) {
        requests.incrementAndGet();
        return problem;
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

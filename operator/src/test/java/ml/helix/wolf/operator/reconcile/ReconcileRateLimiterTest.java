package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReconcileRateLimiterTest {
    /** Soon overflows, as nanoTime may. */
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 100_000_000);

    private final ReconcileRateLimiter limiter = new ReconcileRateLimiter(Duration.ofMillis(250), 3, now::get);
    private final ReconcileRateLimiter.State state = limiter.initState();

    @Test
    void fewPassesBeginAtOnceAndTheNextAfterOneInterval() {
        beginAtOnce();
        assertThat(limiter.isLimited(state)).contains(Duration.ofMillis(250));
        pass(1);
        assertThat(limiter.isLimited(state)).contains(Duration.ofMillis(249));
        pass(249);
        assertThat(limiter.isLimited(state)).isEmpty();
        assertThat(limiter.isLimited(state)).contains(Duration.ofMillis(250));
    }

    @Test
    void waitOfTheReturnedTimeIsLongEnough() {
        beginAtOnce();
        now.addAndGet(600_000);
        assertThat(limiter.isLimited(state)).contains(Duration.ofMillis(250));
        pass(250);
        assertThat(limiter.isLimited(state)).isEmpty();
    }

    @Test
    void longQuietTimeAllowsNoMorePassesThanAShortOne() {
        beginAtOnce();
        pass(60_000);
        beginAtOnce();
        assertThat(limiter.isLimited(state)).contains(Duration.ofMillis(250));
    }

    @Test
    void fourPassesASecondBeginForEver() {
        beginAtOnce();
        for (int i = 0; i < 100; i++) {
            pass(250);
            assertThat(limiter.isLimited(state)).isEmpty();
            assertThat(limiter.isLimited(state)).isPresent();
        }
    }

    @Test
    void wolfTunnelsDoNotWaitForOneAnother() {
        beginAtOnce();
        assertThat(limiter.isLimited(limiter.initState())).isEmpty();
    }

    private void beginAtOnce() {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.isLimited(state)).isEmpty();
        }
    }

    private void pass(long millis) {
        now.addAndGet(Duration.ofMillis(millis).toNanos());
    }
}

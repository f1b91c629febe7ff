package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReconcileRateLimiterTest {
    /** Soon beyond the largest number, as nanoTime may be. */
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 100_000_000);

    private final ReconcileRateLimiter spacing = new ReconcileRateLimiter(Duration.ofMillis(250), 3, now::get);
    private final ReconcileRateLimiter.Turns tunnel = spacing.initState();

    @Test
    void aFewEventsAreServedAtOnceAndTheNextAfterOneInterval() {
        serveAtOnce();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
        pass(1);
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(249));
        pass(249);
        assertThat(spacing.isLimited(tunnel)).isEmpty();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
    }

    @Test
    void whoeverWaitsAsLongAsItSaysDoesNotComeTooEarly() {
        serveAtOnce();
        now.addAndGet(600_000);
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
        pass(250);
        assertThat(spacing.isLimited(tunnel)).isEmpty();
    }

    @Test
    void aLongQuietWhileSavesUpNoMoreThanAShortOne() {
        serveAtOnce();
        pass(60_000);
        serveAtOnce();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
    }

    @Test
    void fourASecondAreServedForEver() {
        serveAtOnce();
        for (int i = 0; i < 100; i++) {
            pass(250);
            assertThat(spacing.isLimited(tunnel)).isEmpty();
            assertThat(spacing.isLimited(tunnel)).isPresent();
        }
    }

    @Test
    void tunnelsDoNotWaitForOneAnother() {
        serveAtOnce();
        assertThat(spacing.isLimited(spacing.initState())).isEmpty();
    }

    private void serveAtOnce() {
        for (int i = 0; i < 3; i++) {
            assertThat(spacing.isLimited(tunnel)).isEmpty();
        }
    }

    private void pass(long millis) {
        now.addAndGet(Duration.ofMillis(millis).toNanos());
    }
}

package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SpacingTest {
    /** Soon beyond the largest number, as nanoTime may be. */
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 100_000_000);

    private final Spacing spacing = new Spacing(Duration.ofMillis(250), 3, now::get);
    private final Spacing.Turns tunnel = spacing.initState();

    @Test
    void a_few_events_are_served_at_once_and_the_next_after_one_interval() {
        serveAtOnce();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
        pass(1);
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(249));
        pass(249);
        assertThat(spacing.isLimited(tunnel)).isEmpty();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
    }

    @Test
    void whoever_waits_as_long_as_it_says_does_not_come_too_early() {
        serveAtOnce();
        now.addAndGet(600_000);
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
        pass(250);
        assertThat(spacing.isLimited(tunnel)).isEmpty();
    }

    @Test
    void a_long_quiet_while_saves_up_no_more_than_a_short_one() {
        serveAtOnce();
        pass(60_000);
        serveAtOnce();
        assertThat(spacing.isLimited(tunnel)).contains(Duration.ofMillis(250));
    }

    @Test
    void four_a_second_are_served_for_ever() {
        serveAtOnce();
        for (int i = 0; i < 100; i++) {
            pass(250);
            assertThat(spacing.isLimited(tunnel)).isEmpty();
            assertThat(spacing.isLimited(tunnel)).isPresent();
        }
    }

    @Test
    void tunnels_do_not_wait_for_one_another() {
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

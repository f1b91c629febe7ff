package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ContainerPacingTest {
    private final AtomicLong now = new AtomicLong();

    @Test
    void theFirstRestartIsImmediateAndLaterOnesWaitLongerUpToFiveMinutes() {
        var backOff = new CrashBackOff(Duration.ofSeconds(10));

        assertThat(backOff.after(Duration.ZERO)).isZero();
        assertThat(backOff.after(Duration.ZERO)).hasSeconds(10);
        assertThat(backOff.after(Duration.ZERO)).hasSeconds(20);
        for (int i = 0; i < 10; i++) {
            backOff.after(Duration.ZERO);
        }
        assertThat(backOff.after(Duration.ZERO)).hasMinutes(5);
    }

    @Test
    void tenMinutesOfRunningForgiveEarlierCrashes() {
        var backOff = new CrashBackOff(Duration.ofSeconds(10));
        backOff.after(Duration.ZERO);
        backOff.after(Duration.ZERO);

        assertThat(backOff.after(Duration.ofMinutes(10))).isZero();
        assertThat(backOff.after(Duration.ZERO)).hasSeconds(10);
    }

    @Test
    void aProbeIsDueAfterItsDelayAndThenEachPeriod() {
        var loop = new ProbeLoop(
                new ProbeBuilder()
                        .withInitialDelaySeconds(3)
                        .withPeriodSeconds(5)
                        .build(),
                now::get);
        assertThat(loop.untilDue(0)).isEqualTo(3_000_000_000L);

        now.set(3_000_000_000L);
        loop.note(true);

        assertThat(loop.untilDue(now.get())).isEqualTo(5_000_000_000L);
    }

    @Test
    void onlyResultsInARowReachAThreshold() {
        var loop = new ProbeLoop(
                new ProbeBuilder()
                        .withFailureThreshold(2)
                        .withSuccessThreshold(2)
                        .build(),
                now::get);

        loop.note(false);
        loop.note(true);
        loop.note(false);
        assertThat(loop.failed()).isFalse();
        loop.note(false);
        assertThat(loop.failed()).isTrue();
        loop.note(true);
        assertThat(loop.passed()).isFalse();
        loop.note(true);
        assertThat(loop.passed()).isTrue();
    }
}

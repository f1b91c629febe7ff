package ml.helix.wolf.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ManualSchedulerTest {
    private final ManualScheduler timers = new ManualScheduler();
    private final List<String> ran = new ArrayList<>();

    @Test
    void tasksRunInOrderOfTimeEachAtItsOwn() {
        timers.schedule(() -> ran.add("b at " + timers.nanoTime()), 20, TimeUnit.NANOSECONDS);
        timers.schedule(() -> ran.add("a at " + timers.nanoTime()), 10, TimeUnit.NANOSECONDS);
        timers.schedule(() -> ran.add("c at " + timers.nanoTime()), 20, TimeUnit.NANOSECONDS);
        timers.advance(Duration.ofNanos(9));
        assertThat(ran).isEmpty();
        timers.advance(Duration.ofNanos(11));
        assertThat(ran).containsExactly("a at 10", "b at 20", "c at 20");
        assertThat(timers.nanoTime()).isEqualTo(20);
    }

    @Test
    void aTaskMayScheduleWhatBecomesDueInTheSameStep() {
        timers.schedule(
                () -> timers.schedule(() -> ran.add("inner at " + timers.nanoTime()), 5, TimeUnit.NANOSECONDS),
                5,
                TimeUnit.NANOSECONDS);
        timers.advance(Duration.ofNanos(100));
        assertThat(ran).containsExactly("inner at 10");
    }

    @Test
    void aPeriodicTaskRunsUntilItIsCancelledOrThrows() {
        Future<?> ticks = timers.scheduleAtFixedRate(() -> ran.add("tick"), 10, 10, TimeUnit.NANOSECONDS);
        timers.advance(Duration.ofNanos(35));
        assertThat(ran).hasSize(3);
        ticks.cancel(false);
        assertThat(timers.waitingTasks()).isZero();
        Future<?> broken = timers.scheduleAtFixedRate(
                () -> {
                    throw new IllegalStateException("once");
                },
                1,
                1,
                TimeUnit.NANOSECONDS);
        timers.advance(Duration.ofNanos(5));
        assertThat(timers.waitingTasks()).isZero();
        assertThatThrownBy(broken::get).isInstanceOf(ExecutionException.class);
    }

    @Test
    void executeWaitsForTheNextStepAndShutdownDropsEverything() {
        timers.execute(() -> ran.add("now"));
        assertThat(ran).isEmpty();
        timers.advance(Duration.ZERO);
        assertThat(ran).containsExactly("now");
        timers.execute(() -> ran.add("never"));
        assertThat(timers.shutdownNow()).hasSize(1);
        timers.advance(Duration.ofDays(1));
        assertThat(ran).containsExactly("now");
        assertThatThrownBy(() -> timers.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }
}

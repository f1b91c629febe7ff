package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class KeepAliveTimerTest {
    private final ManualScheduler timers = new ManualScheduler();
    private final DataKeepAlive keepAlive = new DataKeepAlive(DataKeepAlive.PROMISE, timers::nanoTime);
    private final AtomicBoolean writing = new AtomicBoolean();
    private final List<String> done = new ArrayList<>();
    private final KeepAliveTimer timer =
            new KeepAliveTimer(keepAlive, timers, writing::get, this::ping, () -> done.add("cut"));

    private void ping() {
        keepAlive.nextPing();
        done.add("ping");
    }

    @Test
    void pingsEach15SecondsWithoutAByte() {
        keepAlive.awaitingBytes();
        timer.start();
        timers.advance(Duration.ofSeconds(14));
        assertThat(done).isEmpty();

        timers.advance(Duration.ofSeconds(16));
        assertThat(done).containsExactly("ping", "ping");
    }

    @Test
    void aWriteThatIsUnderWayPutsThePingOff() {
        writing.set(true);
        timer.start();
        timers.advance(Duration.ofMinutes(1));
        assertThat(done).isEmpty();

        writing.set(false);
        keepAlive.awaitingBytes();
        timers.advance(Duration.ofSeconds(15));
        assertThat(done).containsExactly("ping");
    }

    @Test
    void cutsAnEndThatHasVanishedOnceAndIsOver() {
        keepAlive.awaitingBytes();
        timer.start();
        timers.advance(Duration.ofHours(1));

        assertThat(done).containsExactly("ping", "ping", "ping", "cut");
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void doesNothingAfterItWasStopped() {
        timer.start();
        timer.stop();
        timer.start();
        timers.advance(Duration.ofHours(1));

        assertThat(done).isEmpty();
        assertThat(timers.waitingTasks()).isZero();
    }
}

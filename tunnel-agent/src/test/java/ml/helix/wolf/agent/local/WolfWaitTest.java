package ml.helix.wolf.agent.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WolfWaitTest {
    private final ManualScheduler timers = new ManualScheduler();
    private final AtomicInteger attempts = new AtomicInteger();
    private final AtomicInteger runs = new AtomicInteger();
    private final Semaphore answers = new Semaphore(0);
    private volatile boolean up;

    private final WolfWait wait = new WolfWait(
            () -> {
                attempts.incrementAndGet();
                if (!up) {
                    throw new WolfUnreachableException("refused", new IOException("refused"));
                }
                return new NoStream();
            },
            timers,
            timers::nanoTime);

    @Test
    void withoutALimitItAsksNothing() {
        wait.start(Duration.ZERO, runs::incrementAndGet);
        assertThat(runs).hasValue(1);
        assertThat(attempts).hasValue(0);
    }

    @Test
    void itGoesOnOnceWhenWolfAcceptsAConnection() throws Exception {
        wait.start(Duration.ofSeconds(60), runs::incrementAndGet);
        for (int i = 0; i < 3; i++) {
            Waiting.until("it tries again later", () -> timers.waitingTasks() == 1);
            timers.advance(WolfWait.INTERVAL);
        }
        Waiting.until("it tries again later", () -> timers.waitingTasks() == 1);
        assertThat(runs).hasValue(0);
        up = true;
        timers.advance(WolfWait.INTERVAL);
        Waiting.until("it goes on", () -> runs.get() == 1);
        timers.advance(Duration.ofMinutes(5));
        assertThat(runs).hasValue(1);
        assertThat(attempts).hasValue(5);
    }

    @Test
    void itGoesOnWithoutWolfWhenTheTimeIsOver() throws Exception {
        wait.start(Duration.ofSeconds(1), runs::incrementAndGet);
        for (int i = 0; i < 4; i++) {
            Waiting.until("it tries again later", () -> timers.waitingTasks() == 1);
            timers.advance(WolfWait.INTERVAL);
        }
        Waiting.until("it goes on", () -> runs.get() == 1);
    }

    private record NoStream() implements ByteStream {
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

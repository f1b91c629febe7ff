package ml.helix.wolf.agent.reconnect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

class ReconnectRequestsTest {
    private final ManualScheduler timers = new ManualScheduler();
    private final BlockingQueue<ControlConnectionThread> reopened = new LinkedBlockingQueue<>();
    private final ReconnectRequests requests =
            new ReconnectRequests("http://helix", timers, timers::nanoTime, new Random(1), reopened::add);

    @Test
    void aControlPlaneThatAsksWithoutAPauseGetsOneConnectionIn10Seconds() throws Exception {
        ControlConnectionThread connection = connection();
        for (int i = 0; i < 100; i++) {
            for (int j = 0; j < 100; j++) {
                requests.add(connection);
            }
            assertThat(timers.waitingTasks()).isEqualTo(1);
            timers.advance(Duration.ofSeconds(5));
        }
        for (int i = 0; i < 50; i++) {
            Waiting.next(reopened);
        }
        assertThat(reopened).as("more than 50 in 500 s").isEmpty();
    }

    @Test
    void theWaitsDiffer() throws Exception {
        int early = 0;
        for (int i = 0; i < 20; i++) {
            requests.add(connection());
            timers.advance(Duration.ofMillis(2500));
            early += 1 - timers.waitingTasks();
            timers.advance(Duration.ofMinutes(1));
            Waiting.next(reopened);
        }
        assertThat(early).isBetween(3, 17);
    }

    @Test
    void theNewestConnectionThatAskedCounts() throws Exception {
        requests.add(connection());
        ControlConnectionThread newest = connection();
        requests.add(newest);
        timers.advance(Duration.ofSeconds(5));
        assertThat(Waiting.next(reopened)).isSameAs(newest);
    }

    private static ControlConnectionThread connection() {
        return new ControlConnectionThread(
                new RunnerToken(Secret.of("first"), Optional.empty()),
                new FakeControlConnections().apply(new RunnerToken(Secret.of("first"), Optional.empty())),
                up -> {},
                asked -> {});
    }
}

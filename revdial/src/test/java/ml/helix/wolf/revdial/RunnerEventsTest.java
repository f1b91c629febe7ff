package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class RunnerEventsTest {
    private static final RemoteAgent AGENT = new RemoteAgent("", "192.0.2.1", 1);

    private final List<RunnerEvent> heard = new ArrayList<>();

    @Test
    void theEventsOfOneRunnerComeInOrder() throws Exception {
        var handed = new CyclicBarrier(2);
        var events = new RunnerEvents(() -> Instant.EPOCH, List.of(event -> {
            heard.add(event);
            await(handed);
        }));
        for (int i = 0; i < 100; i++) {
            events.add(connected("wolf-1", i));
            handed.await();
        }
        events.close();

        assertThat(heard)
                .isEqualTo(IntStream.range(0, 100)
                        .mapToObj(i -> connected("wolf-1", i))
                        .toList());
    }

    @Test
    void aSlowListenerGetsTheLastEventOfEachRunnerOnly() throws Exception {
        var first = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var events = new RunnerEvents(() -> Instant.EPOCH, List.of(event -> {
            heard.add(event);
            first.countDown();
            await(goOn);
        }));
        events.add(connected("wolf-1", 0));
        first.await();
        for (int i = 1; i < 1000; i++) {
            events.add(connected("wolf-1", i));
            events.add(connected("wolf-2", i));
        }
        goOn.countDown();
        events.close();

        assertThat(heard).containsExactly(connected("wolf-1", 0), connected("wolf-1", 999), connected("wolf-2", 999));
    }

    @Test
    void aListenerThatFailsGetsTheNextEventAndKeepsNoneFromTheOthers() {
        List<RunnerEvent> heardByOther = new ArrayList<>();
        var events = new RunnerEvents(
                () -> Instant.EPOCH,
                List.of(
                        event -> {
                            heard.add(event);
                            throw new IllegalStateException("expected by the test");
                        },
                        heardByOther::add));
        events.add(connected("wolf-1", 0));
        events.close();
        events.add(connected("wolf-1", 1));
        events.close();

        assertThat(heard).containsExactly(connected("wolf-1", 0), connected("wolf-1", 1));
        assertThat(heardByOther).isEqualTo(heard);
    }

    @Test
    void aRunnerThatWasDisplacedIsNotLostUntilItsLastConnectionIs() {
        var timers = new ManualScheduler();
        var events = new RunnerEvents(() -> Instant.EPOCH, List.of(heard::add));
        try (var manager = new ConnectionManager(
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                timers,
                timers::nanoTime,
                events,
                DialerIds.random(),
                failed -> {})) {
            var older = new FakeAgent(manager, "wolf-1");
            events.close();
            var newer = new FakeAgent(manager, "wolf-1");
            older.dialer.disconnected();
            events.close();
            newer.dialer.disconnected();
            events.close();
            new FakeAgent(manager, "wolf-2");
            events.close();
        }
        events.close();

        assertThat(heard)
                .extracting(event -> event.getClass().getSimpleName() + " " + event.runnerId())
                .containsExactly(
                        "Connected wolf-1", "Connected wolf-1", "Lost wolf-1", "Connected wolf-2", "Lost wolf-2");
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RunnerEvent connected(String runnerId, int second) {
        return new Connected(runnerId, AGENT, Instant.ofEpochSecond(second));
    }
}

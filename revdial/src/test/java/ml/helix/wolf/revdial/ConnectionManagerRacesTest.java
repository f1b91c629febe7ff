package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

/** Lets two calls race, many times. Whichever wins, the outcome is a valid one. */
class ConnectionManagerRacesTest {
    private static final String ID = "wolf-gpu-1";
    // Shorter than the keep-alive interval: the test advances its clock without waiting for the threads that send
    // keep-alives.
    private static final Duration GRACE = Duration.ofSeconds(4);
    private static final Duration DIAL = Duration.ofSeconds(5);
    private static final int ROUNDS = 500;

    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager manager = new ConnectionManager(GRACE, DIAL, timers, timers::nanoTime);

    @Test
    void aDialAtTheMomentOfAReconnectIsAlwaysAskedForOnTheNewConnection() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            new FakeAgent(manager, ID).dialer.disconnected();
            CompletableFuture<FakeAgent> back = new CompletableFuture<>();
            CompletableFuture<ByteStream> dial =
                    atOnce(() -> manager.dials().dial(ID), () -> back.complete(new FakeAgent(manager, ID)));
            FakeAgent agent = Waiting.result(back);
            agent.pickUp(agent.nextAsk());
            Waiting.result(dial).close();
        }
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
    }

    @Test
    void aDialAtTheMomentOfATakeOverIsAlwaysServedByTheNewerConnection() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        for (int round = 0; round < ROUNDS; round++) {
            CompletableFuture<FakeAgent> took = new CompletableFuture<>();
            CompletableFuture<ByteStream> dial =
                    atOnce(() -> manager.dials().dial(ID), () -> took.complete(new FakeAgent(manager, ID)));
            FakeAgent newer = Waiting.result(took);
            newer.pickUp(newer.nextAsk());
            Waiting.result(dial).close();
            assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
            older = newer;
        }
    }

    @Test
    void aPickupAtTheMomentOfATakeOverIsDeliveredOrAskedForAgain() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            FakeAgent older = new FakeAgent(manager, ID);
            CompletableFuture<ByteStream> dial =
                    Waiting.async(() -> manager.dials().dial(ID));
            FakeAgent.Ask ask = older.nextAsk();
            CompletableFuture<FakeAgent> took = new CompletableFuture<>();
            CompletableFuture<Boolean> refused =
                    atOnce(() -> older.isRefused(ask), () -> took.complete(new FakeAgent(manager, ID)));
            if (Waiting.result(refused)) {
                FakeAgent newer = Waiting.result(took);
                newer.pickUp(newer.nextAsk());
            } else {
                Waiting.result(took);
                Waiting.result(dial);
                assertThat(older.control.isOpen()).isTrue();
            }
            Waiting.result(dial).close();
            assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
        }
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
    }

    @Test
    void aDialAtTheMomentWhenTheGracePeriodEndsNeverHangs() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            new FakeAgent(manager, ID).dialer.disconnected();
            CompletableFuture<ByteStream> dial = atOnce(() -> manager.dials().dial(ID), () -> timers.advance(GRACE));
            assertThat(failure(dial)).isIn(new NoConnection(), new ReconnectTimeout(GRACE));
        }
        assertThat(manager.runners()).isEmpty();
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void aReconnectAtTheMomentWhenTheGracePeriodEndsStays() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            new FakeAgent(manager, ID).dialer.disconnected();
            CompletableFuture<FakeAgent> back = atOnce(() -> new FakeAgent(manager, ID), () -> timers.advance(GRACE));
            FakeAgent agent = Waiting.result(back);
            assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
            CompletableFuture<ByteStream> dial =
                    Waiting.async(() -> manager.dials().dial(ID));
            agent.pickUp(agent.nextAsk());
            Waiting.result(dial).close();
        }
    }

    @Test
    void theEndOfOneGracePeriodNeverEndsTheNext() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            new FakeAgent(manager, ID).dialer.disconnected();
            timers.advance(GRACE.minusNanos(1));
            Waiting.result(atOnce(
                    () -> {
                        new FakeAgent(manager, ID).dialer.disconnected();
                        return true;
                    },
                    () -> timers.advance(Duration.ofNanos(1))));
            assertThat(manager.stats()).isEqualTo(new Stats(0, 1, 0, 0));
            timers.advance(GRACE);
            assertThat(manager.runners()).isEmpty();
        }
    }

    @Test
    void aPickupAtTheMomentOfTheWithdrawalIsClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        for (int round = 0; round < ROUNDS; round++) {
            PendingDial dial = manager.dials().start(ID);
            FakeAgent.Ask ask = agent.nextAsk();
            ByteStream atAgent = Waiting.result(
                    atOnce(() -> agent.pickUp(ask), () -> manager.dials().withdraw(dial)));
            assertThat(atAgent.read(new byte[1], 0, 1)).isEqualTo(-1);
            assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        }
    }

    @Test
    void aDialAtTheMomentOfCloseFails() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            ConnectionManager closing = new ConnectionManager(GRACE, DIAL, timers, timers::nanoTime);
            FakeAgent agent = new FakeAgent(closing, ID);
            if (round % 2 == 0) {
                agent.dialer.disconnected();
            }
            CompletableFuture<ByteStream> dial = atOnce(() -> closing.dials().dial(ID), closing::close);
            assertThat(failure(dial)).isEqualTo(new NoConnection());
        }
        Waiting.until("no timer is left", () -> timers.waitingTasks() == 0);
    }

    @Test
    void aPickupAtTheMomentOfTheTimeoutIsHandedOutOrClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        for (int round = 0; round < ROUNDS; round++) {
            CompletableFuture<ByteStream> dial =
                    Waiting.async(() -> manager.dials().dial(ID));
            FakeAgent.Ask ask = agent.nextAsk();
            Waiting.until("the timeout is set", () -> timers.waitingTasks() == 2);
            CompletableFuture<Boolean> refused = atOnce(() -> agent.isRefused(ask), () -> timers.advance(DIAL));
            if (Waiting.result(refused)) {
                assertThat(failure(dial)).isEqualTo(new DialTimeout(DIAL));
            } else {
                Waiting.result(dial).close();
            }
            assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        }
    }

    @Test
    void aPickupAtTheMomentWhenTheCallerGivesUpIsNeverLeftOpen() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        for (int round = 0; round < ROUNDS; round++) {
            CompletableFuture<Thread> caller = new CompletableFuture<>();
            CompletableFuture<ByteStream> dial = Waiting.async(() -> {
                caller.complete(Thread.currentThread());
                return manager.dials().dial(ID);
            });
            FakeAgent.Ask ask = agent.nextAsk();
            Thread thread = Waiting.result(caller);
            Pipe data = new Pipe();
            Waiting.result(atOnce(
                    () -> manager.dials().deliver(ask.dialerId(), ask.requestId(), data.left), thread::interrupt));
            try {
                Waiting.result(dial).close();
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(InterruptedException.class);
            }
            Waiting.until("the data connection is closed", () -> Pipe.isClosed(data.left));
            assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        }
    }

    @Test
    void anAgentThatComesAndGoesUnderLoadLosesAndLeaksNothing() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger open = new AtomicInteger();
        CompletableFuture<Void> flapping = Waiting.async(() -> {
            for (int life = 0; !stop.get(); life++) {
                FakeAgent agent = new FakeAgent(manager, ID);
                Thread pickups = Thread.ofVirtual().start(() -> {
                    try {
                        while (true) {
                            FakeAgent.Ask ask = agent.nextAsk();
                            open.incrementAndGet();
                            Pipe data = new Pipe(16);
                            manager.dials()
                                    .deliver(
                                            ask.dialerId(),
                                            ask.requestId(),
                                            new WatchedStream(data.left, open::decrementAndGet));
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
                Thread.yield();
                if (life % 2 == 0) {
                    agent.dialer.disconnected();
                }
                // Every other connection stays open, and the next one displaces it.
                pickups.interrupt();
                pickups.join();
            }
            return null;
        });
        List<CompletableFuture<Integer>> callers = new ArrayList<>();
        for (int caller = 0; caller < 8; caller++) {
            callers.add(Waiting.async(() -> {
                int served = 0;
                for (int i = 0; i < 200; i++) {
                    try {
                        manager.dials().dial(ID).close();
                        served++;
                    } catch (DialException e) {
                        assertThat(e.failure()).isEqualTo(new NoConnection());
                    }
                }
                return served;
            }));
        }
        int served = 0;
        for (CompletableFuture<Integer> caller : callers) {
            served += Waiting.result(caller);
        }
        stop.set(true);
        Waiting.result(flapping);
        assertThat(served)
                .as("dials served; those before the first connection are not")
                .isBetween(1, 1600);
        assertThat(open).hasValue(0);
        assertThat(manager.runner(ID).map(RunnerState::streams)).hasValue(0);
    }

    /** Starts both at the same moment. Returns when the second has ended; the result is the first one's. */
    private static <T> CompletableFuture<T> atOnce(Waited<T> one, Runnable other) throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        CompletableFuture<T> outcome = Waiting.async(() -> {
            start.await();
            return one.get();
        });
        start.await();
        other.run();
        return outcome;
    }

    private interface Waited<T> {
        T get() throws Exception;
    }

    private static DialFailure failure(CompletableFuture<ByteStream> dial) throws Exception {
        return ((DialException) Waiting.failure(dial)).failure();
    }
}

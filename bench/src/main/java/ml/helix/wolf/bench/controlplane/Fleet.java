package ml.helix.wolf.bench.controlplane;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** All agents: each has a virtual thread from the constructor to {@link #close}. Thread-safe. */
final class Fleet implements AutoCloseable {
    private final int size;
    private final AtomicInteger up = new AtomicInteger();
    /** By what the exception says. */
    private final Map<String, LongAdder> failedAttempts = new ConcurrentHashMap<>();

    private final Map<String, LongAdder> failedPickups = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("pings").factory());
    private final List<Thread> agents = new ArrayList<>();

    /** Agents with the numbers from 0. They begin at random times within the first wait of their backoff. */
    Fleet(int size, Endpoint endpoint) {
        this.size = size;
        for (int number = 0; number < size; number++) {
            agents.add(Thread.ofVirtual().start(new LeanAgent(this, number, endpoint, timers, new Random())));
        }
    }

    Duration firstWait() {
        return Duration.ofNanos(ThreadLocalRandom.current().nextLong(LeanAgent.FIRST_WAIT.toNanos()));
    }

    void up() {
        up.incrementAndGet();
    }

    void down() {
        up.decrementAndGet();
    }

    void attemptFailed(IOException e) {
        count(failedAttempts, e);
    }

    void pickupFailed(IOException e) {
        count(failedPickups, e);
    }

    private static void count(Map<String, LongAdder> failures, IOException e) {
        failures.computeIfAbsent(String.valueOf(e.getMessage()), message -> new LongAdder())
                .increment();
    }

    int connected() {
        return up.get();
    }

    /**
     * Waits until that many are connected.
     *
     * @return whether they were within the limit
     */
    boolean await(int wanted, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (up.get() < wanted) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(20);
        }
        return true;
    }

    /** Waits until no agent is connected. */
    void awaitNone() throws InterruptedException {
        while (up.get() > 0) {
            Thread.sleep(5);
        }
    }

    boolean awaitAll(Duration limit) throws InterruptedException {
        return await(size, limit);
    }

    /** The failed attempts to connect since the last call, by message. */
    Map<String, Long> takeFailedAttempts() {
        return take(failedAttempts);
    }

    /** The failed pickups since the last call, by message. */
    Map<String, Long> takeFailedPickups() {
        return take(failedPickups);
    }

    private static Map<String, Long> take(Map<String, LongAdder> failures) {
        var taken = new TreeMap<String, Long>();
        failures.forEach((message, count) -> {
            long sum = count.sumThenReset();
            if (sum > 0) {
                taken.put(message, sum);
            }
        });
        return taken;
    }

    @Override
    public void close() {
        agents.forEach(Thread::interrupt);
        timers.shutdownNow();
    }
}

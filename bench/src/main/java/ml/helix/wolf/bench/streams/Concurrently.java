package ml.helix.wolf.bench.streams;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs a task many times at once. */
public final class Concurrently {

    /** One run of the task. */
    @FunctionalInterface
    public interface Task {
        void run(int number) throws Exception;
    }

    private Concurrently() {}

    /** Numbers the runs from 0; throws what a run threw, or that one takes longer than ten minutes. */
    public static void run(int count, Task task) throws Exception {
        run(count, Duration.ofMinutes(10), task);
    }

    /**
     * Numbers the runs from 0; throws what a run threw. Threads of the system: what blocks in a transfer is back sooner.
     *
     * @throws java.util.concurrent.TimeoutException if one takes longer than {@code longest}
     */
    public static void run(int count, Duration longest, Task task) throws Exception {
        long end = System.nanoTime() + longest.toNanos();
        try (var threads =
                Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                all.add(threads.submit(() -> {
                    task.run(number);
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get(Math.max(end - System.nanoTime(), 0), TimeUnit.NANOSECONDS);
            }
        }
    }
}

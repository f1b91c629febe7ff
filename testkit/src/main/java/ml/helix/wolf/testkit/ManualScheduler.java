package ml.helix.wolf.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Timers whose clock a test moves by hand. {@link #advance} runs the tasks that have become due, in order of time, on the
 * calling thread. Nothing else runs a task, not even {@link #execute}.
 *
 * <p>Thread safe; one thread at a time should advance. A task that throws leaves the exception in its future, as the
 * JDK's do.
 */
public final class ManualScheduler extends AbstractExecutorService implements ScheduledExecutorService {
    private final AtomicLong nanos = new AtomicLong();
    private final Object lock = new Object();
    // Guarded by lock.
    private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>(
            Comparator.<Task<?>>comparingLong(task -> task.due).thenComparingLong(task -> task.number));
    private long scheduled;
    private boolean shutdown;

    /** The clock, in nanoseconds; starts at 0. */
    public long nanoTime() {
        return nanos.get();
    }

    /** Moves the clock and runs each task that becomes due, at its own time. */
    public void advance(Duration by) {
        long until = nanos.get() + by.toNanos();
        for (Task<?> task = takeDue(until); task != null; task = takeDue(until)) {
            nanos.set(Math.max(nanos.get(), task.due));
            task.run();
        }
        nanos.set(until);
    }

    /** How many tasks wait for their time, without cancelled ones. */
    public int waitingTasks() {
        synchronized (lock) {
            return tasks.size();
        }
    }

    private @Nullable Task<?> takeDue(long until) {
        synchronized (lock) {
            return tasks.isEmpty() || tasks.peek().due > until ? null : tasks.poll();
        }
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return add(new Task<>(() -> run(command), unit.toNanos(delay), 0));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return add(new Task<>(callable, unit.toNanos(delay), 0));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return add(new Task<>(() -> run(command), unit.toNanos(initialDelay), unit.toNanos(period)));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return scheduleAtFixedRate(command, initialDelay, delay, unit);
    }

    @Override
    public void execute(Runnable command) {
        schedule(command, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public void shutdown() {
        shutdownNow();
    }

    @Override
    public List<Runnable> shutdownNow() {
        synchronized (lock) {
            shutdown = true;
            List<Runnable> left = new ArrayList<>(tasks);
            tasks.clear();
            return left;
        }
    }

    @Override
    public boolean isShutdown() {
        synchronized (lock) {
            return shutdown;
        }
    }

    @Override
    public boolean isTerminated() {
        return isShutdown();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return isShutdown();
    }

    private static Object run(Runnable command) {
        command.run();
        return command;
    }

    private <V> Task<V> add(Task<V> task) {
        synchronized (lock) {
            if (shutdown) {
                throw new RejectedExecutionException("shut down");
            }
            tasks.add(task);
            return task;
        }
    }

    private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
        private final long period;
        private final long number;
        /** Changes only while the task is in no queue. */
        private long due;

        Task(Callable<V> callable, long delayNanos, long periodNanos) {
            super(callable);
            this.period = periodNanos;
            this.due = nanos.get() + Math.max(0, delayNanos);
            synchronized (lock) {
                this.number = scheduled++;
            }
        }

        @Override
        public void run() {
            if (period == 0) {
                super.run();
            } else if (runAndReset()) {
                due += period;
                if (!isShutdown()) {
                    add(this);
                }
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            synchronized (lock) {
                tasks.remove(this);
            }
            return super.cancel(mayInterruptIfRunning);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - nanos.get(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}

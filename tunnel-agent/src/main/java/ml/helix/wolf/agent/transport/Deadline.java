package ml.helix.wolf.agent.transport;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A moment by which an operation of several blocking steps must be over. Thread-safe.
 *
 * <p>A blocking read can't be told to stop, so {@link #guard} closes what it reads from at that moment.
 */
public final class Deadline {
    private final ScheduledExecutorService timers;
    private final long at;

    private Deadline(ScheduledExecutorService timers, long at) {
        this.timers = timers;
        this.at = at;
    }

    public static Deadline in(Duration time, ScheduledExecutorService timers) {
        return new Deadline(timers, System.nanoTime() + time.toNanos());
    }

    /** An earlier moment of the two: this one, or {@code time} from now. */
    public Deadline atMost(Duration time) {
        long other = System.nanoTime() + time.toNanos();
        return new Deadline(timers, other - at < 0 ? other : at);
    }

    public boolean over() {
        return leftNanos() <= 0;
    }

    /** At least 1, so that it is never taken for "no limit". */
    public int leftMillis() {
        return (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(leftNanos()));
    }

    private long leftNanos() {
        return at - System.nanoTime();
    }

    /** Runs {@code cut} at the deadline unless the guard is closed before. */
    public Guard guard(Runnable cut) {
        ScheduledFuture<?> alarm = timers.schedule(cut, Math.max(0, leftNanos()), TimeUnit.NANOSECONDS);
        return () -> alarm.cancel(false);
    }

    /** A watch that is over once it is cancelled or closed. */
    @FunctionalInterface
    public interface Guard extends AutoCloseable {
        void cancel();

        @Override
        default void close() {
            cancel();
        }
    }
}

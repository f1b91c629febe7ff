package ml.helix.wolf.agent.transport;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The time by which an operation of several blocking steps must end. Thread-safe.
 *
 * <p>A blocking read has no deadline of its own, so {@link #guard} closes its socket when the time has come.
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

    /** The earlier of this deadline and {@code time} from now. */
    public Deadline atMost(Duration time) {
        long other = System.nanoTime() + time.toNanos();
        return new Deadline(timers, other - at < 0 ? other : at);
    }

    public boolean hasPassed() {
        return nanosLeft() <= 0;
    }

    /** At least 1: for a socket, 0 means no limit. */
    public int millisLeft() {
        return (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanosLeft()));
    }

    private long nanosLeft() {
        return at - System.nanoTime();
    }

    /** Runs {@code cut} at the deadline, unless the guard is cancelled or closed before. */
    public Guard guard(Runnable cut) {
        ScheduledFuture<?> alarm = timers.schedule(cut, Math.max(0, nanosLeft()), TimeUnit.NANOSECONDS);
        return () -> alarm.cancel(false);
    }

    /** Made by {@link #guard}. */
    @FunctionalInterface
    public interface Guard extends AutoCloseable {
        void cancel();

        @Override
        default void close() {
            cancel();
        }
    }
}

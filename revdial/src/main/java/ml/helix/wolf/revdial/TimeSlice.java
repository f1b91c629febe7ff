package ml.helix.wolf.revdial;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Makes a busy virtual thread let others run every {@link #LENGTH}. The JDK never takes the processor from a virtual thread
 * that doesn't wait: one that copies bytes which are always there would keep it for ever, and so would two that hand bytes to
 * each other. Belongs to one thread.
 */
public final class TimeSlice {
    static final Duration LENGTH = Duration.ofMillis(2);

    private final LongSupplier nanoTime;
    private final Runnable pause;
    private long startedAt;

    /** The first slice starts now. */
    public TimeSlice(LongSupplier nanoTime) {
        // Thread.yield() lets only those run that wait for the same processor.
        this(nanoTime, () -> LockSupport.parkNanos(1));
    }

    TimeSlice(LongSupplier nanoTime, Runnable pause) {
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.startedAt = nanoTime.getAsLong();
    }

    /** Call after each piece of work. Once the slice is used up, lets others run and starts the next one. */
    public void next() {
        if (nanoTime.getAsLong() - startedAt >= LENGTH.toNanos()) {
            pause.run();
            startedAt = nanoTime.getAsLong();
        }
    }
}

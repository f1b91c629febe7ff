package ml.helix.wolf.revdial;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Makes a busy virtual thread let others run every {@link #LENGTH}. The JDK never takes the processor from a virtual thread
 * that doesn't wait: one that copies bytes which are always there would keep it for ever, and so would two that hand bytes to
 * each other. For one thread at a time; another one begins a slice of its own.
 */
public final class TimeSlice {
    static final Duration LENGTH = Duration.ofMillis(2);

    private final LongSupplier nanoTime;
    private final Runnable pause;
    /** The thread of the present slice; no thread has the number 0. */
    private long thread;

    private long startedAt;

    /** The first slice starts with the first piece of work, so what a thread has waited before doesn't count. */
    public TimeSlice(LongSupplier nanoTime) {
        // Thread.yield() lets only those run that wait for the same processor.
        this(nanoTime, () -> {
            if (Thread.currentThread().isVirtual()) {
                LockSupport.parkNanos(1);
            }
        });
    }

    TimeSlice(LongSupplier nanoTime, Runnable pause) {
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /** Call after each piece of work. Once the slice is used up, lets others run and starts the next one. */
    public void next() {
        long current = Thread.currentThread().threadId();
        if (current != thread) {
            thread = current;
            startedAt = nanoTime.getAsLong();
        } else if (nanoTime.getAsLong() - startedAt >= LENGTH.toNanos()) {
            pause.run();
            startedAt = nanoTime.getAsLong();
        }
    }
}

package ml.helix.wolf.revdial;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * How long a busy thread runs before it lets others run. The JDK never takes the processor from a virtual thread that doesn't
 * wait: one that copies bytes which are always there would keep it for good, and so would two that hand bytes to each
 * other. Belongs to one thread.
 */
public final class TimeSlice {
    static final Duration LENGTH = Duration.ofMillis(2);

    private final LongSupplier nanoTime;
    private final Runnable pause;
    private long beganAt;

    /** It begins now. */
    public TimeSlice(LongSupplier nanoTime) {
        // Thread.yield() lets only those run that wait for the same processor.
        this(nanoTime, () -> LockSupport.parkNanos(1));
    }

    TimeSlice(LongSupplier nanoTime, Runnable pause) {
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.beganAt = nanoTime.getAsLong();
    }

    /** To be called after each piece of work. Where the slice is over, waits until the others had their turn. */
    public void next() {
        if (nanoTime.getAsLong() - beganAt >= LENGTH.toNanos()) {
            pause.run();
            beganAt = nanoTime.getAsLong();
        }
    }
}

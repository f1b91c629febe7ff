package ml.helix.wolf.revdial;

import java.util.concurrent.TimeUnit;

/** Whether bytes come often, from the times of the reads. For one thread at a time. */
final class Pace {
    /** So many reads within a second are busy. */
    static final int BUSY_READS = 32;

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private long windowStart;
    private long newest;
    private int reads;
    private boolean quiet = true;

    /** Call after each read. @param now nanoseconds of a clock that never goes back */
    void read(long now) {
        quiet = now - newest >= SECOND;
        newest = now;
        if (reads == 0 || now - windowStart >= SECOND) {
            windowStart = now;
            reads = 0;
        }
        reads++;
    }

    /** Whether {@link #BUSY_READS} reads came within a second. The next answer needs as many again. */
    boolean isBusy() {
        if (reads < BUSY_READS) {
            return false;
        }
        reads = 0;
        return true;
    }

    /** Whether a second passed before the newest read. */
    boolean isQuiet() {
        return quiet;
    }
}

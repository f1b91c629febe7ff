package ml.helix.wolf.program;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The pauses of a loop that retries, for example an accept without free file descriptors: 10 ms, doubled with each failure
 * up to 1 s. Also decides which failures and successes are logged, so that a loop that fails a thousand times logs once.
 *
 * <p>Thread-safe.
 */
public final class RetryPause {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    /** Failures and successes may alternate while something is scarce; that is one change, not many. */
    private static final Duration CALM = Duration.ofSeconds(30);

    private final LongSupplier nanoTime;
    private Duration next = SHORTEST; // guarded by this, as is all that follows
    private String reason = "";
    private boolean failing;
    private long failedAt;

    /** @param nanoTime in nanoseconds */
    public RetryPause(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Notes a failure. Returns whether to log it: it is the first one, or its reason is new. */
    public synchronized boolean failed(String why) {
        boolean isNew = !failing || !reason.equals(why);
        failing = true;
        reason = why;
        failedAt = nanoTime.getAsLong();
        return isNew;
    }

    /** Notes a success. Returns whether to log it: the last failure is 30 s old and no success was logged since. */
    public synchronized boolean succeeded() {
        next = SHORTEST;
        if (!failing || nanoTime.getAsLong() - failedAt < CALM.toNanos()) {
            return false;
        }
        failing = false;
        return true;
    }

    /** How long to pause before the next attempt. */
    public synchronized Duration next() {
        Duration now = next;
        Duration doubled = now.multipliedBy(2);
        next = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
        return now;
    }
}

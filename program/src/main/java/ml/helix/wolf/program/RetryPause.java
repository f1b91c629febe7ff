package ml.helix.wolf.program;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The waits of a loop that tries again what failed, for example an accept without free file descriptors: 10 ms, doubled
 * with each failure to 1 s. Says which failures and which successes are worth a log line, so that a loop that fails a
 * thousand times logs once.
 *
 * <p>Thread-safe.
 */
public final class RetryPause {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    /** Failures and successes may alternate where something scarce comes and goes; that is one change, not many. */
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

    /** Notes a failure. Returns whether to log it: it is the first one, or has another reason than the one before. */
    public synchronized boolean failed(String why) {
        boolean news = !failing || !reason.equals(why);
        failing = true;
        reason = why;
        failedAt = nanoTime.getAsLong();
        return news;
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

    /** How long to wait before the next attempt. */
    public synchronized Duration next() {
        Duration now = next;
        Duration doubled = now.multipliedBy(2);
        next = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
        return now;
    }
}

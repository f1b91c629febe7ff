package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.rate.RateLimiter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How often one tunnel is reconciled: a few times at once after a quiet while, then once in each interval, with all that
 * came within it. Nothing waits longer than one interval. Thread-safe, as long as each state is asked for by one thread at
 * a time.
 */
public final class ReconcileRateLimiter implements RateLimiter<ReconcileRateLimiter.Turns> {
    private static final long NANOS_IN_A_MILLISECOND = 1_000_000;

    private final long interval;
    private final long saved;
    private final LongSupplier nanoTime;

    /** @param atOnce after a quiet while, the first included */
    public ReconcileRateLimiter(Duration interval, int atOnce) {
        this(interval, atOnce, System::nanoTime);
    }

    ReconcileRateLimiter(Duration interval, int atOnce, LongSupplier nanoTime) {
        this.interval = interval.toNanos();
        this.saved = (atOnce - 1) * this.interval;
        this.nanoTime = nanoTime;
    }

    /** One tunnel's. */
    public static final class Turns implements RateLimitState {
        /** When its next one would be, if each had come an interval after the one before. */
        private long next;
    }

    /**
     * Nothing where it may begin now, which counts as begun; otherwise how long until it may, in whole milliseconds: who asks
     * counts in them, and would come too early.
     */
    @Override
    public Optional<Duration> isLimited(RateLimitState state) {
        var turns = (Turns) state;
        long now = nanoTime.getAsLong();
        long left = turns.next - saved - now;
        if (left > 0) {
            return Optional.of(Duration.ofMillis(Math.ceilDiv(left, NANOS_IN_A_MILLISECOND)));
        }
        turns.next = (turns.next - now > 0 ? turns.next : now) + interval;
        return Optional.empty();
    }

    @Override
    public Turns initState() {
        var none = new Turns();
        none.next = nanoTime.getAsLong();
        return none;
    }
}

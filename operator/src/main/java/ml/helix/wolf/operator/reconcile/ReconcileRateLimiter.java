package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.rate.RateLimiter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Limits the passes over one WolfTunnel: after a quiet time a few follow each other at once, then there is one per interval,
 * for all events that came within it. No event waits longer than one interval. Thread-safe, if each state is used by one
 * thread at a time.
 */
public final class ReconcileRateLimiter implements RateLimiter<ReconcileRateLimiter.State> {
    private static final long NANOS_PER_MILLISECOND = 1_000_000;

    private final long interval;
    /** How far ahead of an even rhythm the passes may be. */
    private final long burst;

    private final LongSupplier nanoTime;

    /** @param passesAtOnce after a quiet time, at least 1 */
    public ReconcileRateLimiter(Duration interval, int passesAtOnce) {
        this(interval, passesAtOnce, System::nanoTime);
    }

    ReconcileRateLimiter(Duration interval, int passesAtOnce, LongSupplier nanoTime) {
        this.interval = interval.toNanos();
        this.burst = (passesAtOnce - 1) * this.interval;
        this.nanoTime = nanoTime;
    }

    /** Of one WolfTunnel. */
    public static final class State implements RateLimitState {
        /** When the next pass would be due if each had come one interval after the one before. */
        private long nextDue;
    }

    /**
     * Empty if a pass may begin now, which then counts as begun. Else how long it has to wait, rounded up to whole
     * milliseconds: JOSDK's timer counts in them and would come too early.
     */
    @Override
    public Optional<Duration> isLimited(RateLimitState rateLimitState) {
        var state = (State) rateLimitState;
        long now = nanoTime.getAsLong();
        long left = state.nextDue - burst - now;
        if (left > 0) {
            return Optional.of(Duration.ofMillis(Math.ceilDiv(left, NANOS_PER_MILLISECOND)));
        }
        state.nextDue = (state.nextDue - now > 0 ? state.nextDue : now) + interval;
        return Optional.empty();
    }

    @Override
    public State initState() {
        var state = new State();
        state.nextDue = nanoTime.getAsLong();
        return state;
    }
}

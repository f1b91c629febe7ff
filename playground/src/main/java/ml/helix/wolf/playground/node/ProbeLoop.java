package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Probe;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * The state of one probe of one run of a container: when it is due, and what its results add up to. Used by one thread.
 */
final class ProbeLoop {
    private static final long NANOS = 1_000_000_000L;

    private final Probe probe;
    private final LongSupplier nanoTime;
    private long due;
    private int successes;
    private int failures;

    ProbeLoop(Probe probe, LongSupplier nanoTime) {
        this.probe = probe;
        this.nanoTime = nanoTime;
        this.due = nanoTime.getAsLong() + or(probe.getInitialDelaySeconds(), 0) * NANOS;
    }

    Probe probe() {
        return probe;
    }

    /** Nanoseconds until it is due; not positive when it is. */
    long untilDue(long now) {
        return due - now;
    }

    /** Notes a result and when the next is due. */
    void note(boolean success) {
        successes = success ? successes + 1 : 0;
        failures = success ? 0 : failures + 1;
        due = nanoTime.getAsLong() + or(probe.getPeriodSeconds(), 10) * NANOS;
    }

    /** Enough successes in a row. */
    boolean passed() {
        return successes >= or(probe.getSuccessThreshold(), 1);
    }

    /** Enough failures in a row. */
    boolean failed() {
        return failures >= or(probe.getFailureThreshold(), 3);
    }

    private static int or(Integer value, int fallback) {
        return Objects.requireNonNullElse(value, fallback);
    }
}

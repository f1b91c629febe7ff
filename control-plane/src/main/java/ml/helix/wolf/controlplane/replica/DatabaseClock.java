package ml.helix.wolf.controlplane.replica;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** The time by the clock of the database, as far as this replica knows it. Thread-safe. */
public final class DatabaseClock implements InstantSource {
    private static final Duration TOO_SLOW = Duration.ofMillis(500);

    private final InstantSource machine;
    private volatile Duration ahead = Duration.ZERO;

    public DatabaseClock(InstantSource machine) {
        this.machine = machine;
    }

    @Override
    public Instant instant() {
        return machine.instant().plus(ahead);
    }

    /** This machine's own clock. */
    Instant machineTime() {
        return machine.instant();
    }

    /**
     * The database has told its time. A slow answer says too little.
     *
     * @param asked when it was asked, by this machine's clock
     * @param answered when the answer came
     */
    void set(Instant told, Instant asked, Instant answered) {
        Duration took = Duration.between(asked, answered);
        if (took.compareTo(TOO_SLOW) < 0) {
            ahead = Duration.between(asked.plus(took.dividedBy(2)), told);
        }
    }
}

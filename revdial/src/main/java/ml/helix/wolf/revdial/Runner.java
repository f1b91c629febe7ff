package ml.helix.wolf.revdial;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The state of one runner id. Every field is guarded by the manager's lock. */
final class Runner {
    final String id;
    /** The control connection on which dials are asked for, here or at another replica. */
    @Nullable
    Dialer current;
    /** The timer of the grace period, while the id is in it. Never set together with {@link #current}. */
    @Nullable
    Future<?> grace;
    /** Dials that wait for the id to come back, the oldest first. Empty unless {@link #grace} is set. */
    final Set<PendingDial> waiting = new LinkedHashSet<>();

    /** How often the id dropped: numbers the grace periods. */
    long drops;

    /** Whether it was this replica that held the connection which dropped last. */
    boolean lostHere;

    int streams;

    final DisplacementConflicts displacements = new DisplacementConflicts();

    Runner(String id) {
        this.id = id;
    }

    boolean isForgettable() {
        return current == null && grace == null && streams == 0;
    }

    List<PendingDial> takeWaiting() {
        List<PendingDial> taken = new ArrayList<>(waiting);
        waiting.clear();
        return taken;
    }

    void endGrace() {
        if (grace != null) {
            grace.cancel(false);
            grace = null;
        }
    }

    /** @param now in nanoseconds */
    RunnerState state(long now) {
        return new RunnerState(
                id,
                current != null,
                grace != null,
                current instanceof LocalDialer dialer && dialer.draining,
                displacements.inConflict(now),
                streams);
    }
}

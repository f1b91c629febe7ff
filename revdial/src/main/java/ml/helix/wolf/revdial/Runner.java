package ml.helix.wolf.revdial;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** All that is known of one id. Every field is guarded by the manager's lock. */
final class Runner {
    final String id;
    /** Where dials are asked for. */
    @Nullable
    Dialer current;
    /** Set while dials wait for the id to come back. Never together with {@link #current}. */
    @Nullable
    Future<?> grace;
    /** Dials that wait for the id to come back, the oldest first. Empty unless {@link #grace} is set. */
    final Set<PendingDial> waiting = new LinkedHashSet<>();

    /** How often the id dropped: tells a grace period from the one before. */
    long drops;

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
                current != null && current.draining,
                displacements.inConflict(now),
                streams);
    }
}

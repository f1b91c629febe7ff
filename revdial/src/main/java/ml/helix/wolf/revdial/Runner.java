package ml.helix.wolf.revdial;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of one runner id. Every field is guarded by the manager's lock. */
final class Runner {
    private static final Logger log = LoggerFactory.getLogger(Runner.class);

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

    /** A new dial is asked for on the current connection, or waits for the id to come back, or fails. */
    void place(PendingDial dial, List<Runnable> then) {
        if (current != null) {
            current.ask(dial, then);
        } else if (grace != null) {
            await(dial, then);
        } else {
            dial.fail(new NoConnection(), then);
        }
    }

    private void await(PendingDial dial, List<Runnable> then) {
        if (dial.ahead) {
            dial.fail(new NoConnection(), then);
        } else if (waiting.size() < Dials.MAX_WAITING) {
            waiting.add(dial);
        } else {
            dial.fail(new MaxPendingDials(Dials.MAX_WAITING), then);
        }
    }

    /** Takes a dial out of its place. Returns false if it is in none. */
    boolean take(PendingDial dial) {
        return waiting.remove(dial) || (current != null && current.take(dial));
    }

    void failWaiting(DialFailure failure, List<Runnable> then) {
        takeWaiting().forEach(dial -> dial.fail(failure, then));
    }

    private List<PendingDial> takeWaiting() {
        List<PendingDial> taken = new ArrayList<>(waiting);
        waiting.clear();
        return taken;
    }

    /** The newer connection is the current one; all dials are asked for on it. Returns the older one, if there is one. */
    @Nullable
    Dialer takeOver(Dialer newer, List<Runnable> then) {
        Dialer older = current;
        endGrace();
        current = newer;
        List<PendingDial> dials = older == null ? takeWaiting() : older.takeAll();
        dials.forEach(dial -> newer.ask(dial, then));
        return older;
    }

    /**
     * The current connection was lost: its dials wait for the id to come back.
     *
     * @param timer starts the grace period of that drop
     */
    void dropped(Dialer dialer, LongFunction<Future<?>> timer, List<Runnable> then) {
        lostHere = dialer instanceof LocalDialer;
        grace = timer.apply(++drops);
        dialer.takeAll().forEach(dial -> await(dial, then));
    }

    void noteDisplacement(Dialer older, Dialer newer, long now, List<Runnable> then) {
        if (older.agent.identity().equals(newer.agent.identity())) {
            return;
        }
        older.displaced = true;
        if (displacements.displacedBy(newer.agent, now)) {
            then.add(() -> log.warn(
                    "Two agents use the id {} and displace one another: the one at {} and the one at {}."
                            + " Give each an id of its own",
                    id,
                    older.agent,
                    newer.agent));
        }
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

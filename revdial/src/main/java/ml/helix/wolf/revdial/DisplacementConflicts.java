package ml.helix.wolf.revdial;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells two agents with one id from one agent that reconnects. One displacement may be a reconnect. But two agents have
 * the same id if one of them confirms that it is displaced, then comes back and displaces the other.
 *
 * <p>Guarded by the manager's lock. Times are in nanoseconds of one clock.
 */
final class DisplacementConflicts {
    /** An agent that comes back later than this is no conflict: a displaced agent tries again within 60 s. */
    static final Duration WINDOW = Duration.ofMinutes(3);

    /** The shortest time between two reports. */
    static final Duration REPORT_INTERVAL = Duration.ofMinutes(1);

    private static final int MAX_REMEMBERED = 8;

    /** When each agent confirmed that it is displaced, the oldest first. */
    private final Map<String, Long> displaced = new LinkedHashMap<>();

    private @Nullable Long lastConflict;
    private @Nullable Long lastReport;

    /** An agent has confirmed that another one displaced it. */
    void confirmed(RemoteAgent agent, long now) {
        displaced.remove(agent.identity());
        displaced.put(agent.identity(), now);
        if (displaced.size() > MAX_REMEMBERED) {
            displaced.remove(displaced.keySet().iterator().next());
        }
    }

    /** Notes that a newer agent displaces another one. Returns whether to report a conflict now. */
    boolean displacedBy(RemoteAgent newer, long now) {
        if (!within(displaced.get(newer.identity()), WINDOW, now)) {
            return false;
        }
        lastConflict = now;
        boolean report = !within(lastReport, REPORT_INTERVAL, now);
        if (report) {
            lastReport = now;
        }
        return report;
    }

    /** Whether two agents have displaced one another within the {@link #WINDOW}. */
    boolean inConflict(long now) {
        return within(lastConflict, WINDOW, now);
    }

    private static boolean within(@Nullable Long since, Duration time, long now) {
        return since != null && now - since < time.toNanos();
    }
}

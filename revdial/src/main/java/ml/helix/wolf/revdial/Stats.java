package ml.helix.wolf.revdial;

import java.util.Collection;
import java.util.function.Predicate;

/**
 * Four numbers on a {@link ConnectionManager}, as Helix's {@code api/pkg/connman/connman.go} counts them.
 *
 * @param activeConnections ids with a control connection
 * @param gracePeriodEntries ids in their grace period
 * @param pendingDialsTotal dials that wait for an id to come back
 * @param pendingDialsPerKey ids for which dials wait
 */
public record Stats(int activeConnections, int gracePeriodEntries, int pendingDialsTotal, int pendingDialsPerKey) {

    /** Call under the manager's lock. */
    static Stats of(Collection<Runner> runners) {
        return of(runners, runner -> runner.current != null, runner -> runner.grace != null);
    }

    /** Only what this replica holds or lost. Call under the manager's lock. */
    static Stats ofLocal(Collection<Runner> runners) {
        return of(
                runners,
                runner -> runner.current instanceof LocalDialer,
                runner -> runner.grace != null && runner.lostHere);
    }

    private static Stats of(Collection<Runner> runners, Predicate<Runner> connected, Predicate<Runner> inGracePeriod) {
        return new Stats(
                count(runners, connected),
                count(runners, inGracePeriod),
                runners.stream().mapToInt(runner -> runner.waiting.size()).sum(),
                count(runners, runner -> !runner.waiting.isEmpty()));
    }

    private static int count(Collection<Runner> runners, Predicate<Runner> which) {
        return (int) runners.stream().filter(which).count();
    }
}

package ml.helix.wolf.controlplane.routing;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.controlplane.registry.Facts;
import ml.helix.wolf.controlplane.registry.Instance;
import ml.helix.wolf.controlplane.registry.InstanceStatus;

/**
 * An instance, with what this process has sent to it and the instance itself has not reported yet.
 *
 * @param begun sessions that were begun there since its last heartbeat
 * @param running requests that were sent there and still run
 * @param turn grows with each choice: when it was chosen last, 0 if never
 * @param failing whether it has failed a request lately
 */
record Candidate(Instance instance, int begun, int running, long turn, boolean failing) {

    /** Whether a request may be sent to it. */
    static boolean isEligible(Instance instance) {
        return instance.status() == InstanceStatus.ONLINE && instance.connected() && !instance.draining();
    }

    /**
     * The one to choose. One that is failing is chosen only if all are.
     *
     * @param candidates eligible ones
     * @param zone the asked one; the others' instances are chosen only if it has none
     */
    static Optional<Candidate> best(Strategy strategy, List<Candidate> candidates, Optional<String> zone) {
        Comparator<Candidate> inZone = Comparator.comparing(Candidate::failing)
                .thenComparing(candidate -> zone.isPresent() && !candidate.isIn(zone.get()));
        Comparator<Candidate> byLoad =
                Comparator.comparingDouble(Candidate::load).thenComparingInt(Candidate::streams);
        Comparator<Candidate> byTurn = Comparator.comparingLong(Candidate::turn);
        return candidates.stream()
                .min(
                        switch (strategy) {
                            case LEAST_LOADED -> inZone.thenComparing(byLoad).thenComparing(byTurn);
                            case ROUND_ROBIN -> inZone.thenComparing(byTurn);
                        });
    }

    private boolean isIn(String zone) {
        return zone.equals(instance.facts().zone());
    }

    /**
     * The share of its sessions in use. An instance that doesn't say how many it can have is never full: with n sessions it
     * counts as n of n + 1. One that can have none counts as more than full.
     */
    double load() {
        Facts facts = instance.facts();
        int active = (facts.activeSessions() == null ? 0 : facts.activeSessions()) + begun;
        if (facts.maxSessions() == null) {
            return active / (active + 1.0);
        }
        return facts.maxSessions() == 0 ? Double.POSITIVE_INFINITY : (double) active / facts.maxSessions();
    }

    /** A request that waits for its data connection has no stream yet. */
    private int streams() {
        return Math.max(instance.streams(), running);
    }
}

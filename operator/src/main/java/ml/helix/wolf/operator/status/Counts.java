package ml.helix.wolf.operator.status;

import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.Rollout;

/**
 * How many nodes there are of each sort.
 *
 * @param desired should run an agent
 * @param updated run a pod of the present template
 * @param connected have a tunnel that is up
 */
record Counts(int desired, int updated, int connected) {

    static Counts of(Optional<Rollout> rollout, List<Verdict> verdicts) {
        int staying = (int) verdicts.stream()
                .map(Verdict::pod)
                .filter(pod -> !pod.terminating() && !pod.node().isEmpty())
                .count();
        int connected = (int) verdicts.stream().filter(Verdict::connected).count();
        return rollout.map(found -> {
                    int desired = found.desiredWithLost(staying);
                    return new Counts(desired, found.updated(), Math.min(desired, connected));
                })
                .orElse(new Counts(0, 0, 0));
    }
}

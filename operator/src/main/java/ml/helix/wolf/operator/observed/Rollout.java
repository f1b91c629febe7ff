package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import java.util.Map;
import ml.helix.wolf.operator.desired.Names;

/**
 * How far the DaemonSet is.
 *
 * @param current whether the numbers speak of the DaemonSet's present specification
 * @param desired nodes that should run an agent, as the cluster counts them
 * @param stranded nodes that run one, though a new one would not be let in: a taint came later, as it does on a node that
 *     the cluster no longer hears from; and nodes whose agent is about to be removed
 * @param updated of the desired, nodes whose pod has the present template
 * @param digest of what was desired when it was last applied, "" where nothing says so
 */
public record Rollout(boolean current, int desired, int stranded, int updated, String digest) {

    public static Rollout of(DaemonSet daemonSet) {
        var status = requireNonNullElse(daemonSet.getStatus(), new DaemonSetStatus());
        long generation = requireNonNullElse(daemonSet.getMetadata().getGeneration(), 0L);
        long observed = requireNonNullElse(status.getObservedGeneration(), 0L);
        boolean current = observed >= Math.max(generation, 1);
        return new Rollout(
                current,
                requireNonNullElse(status.getDesiredNumberScheduled(), 0),
                requireNonNullElse(status.getNumberMisscheduled(), 0),
                current ? requireNonNullElse(status.getUpdatedNumberScheduled(), 0) : 0,
                requireNonNullElse(daemonSet.getMetadata().getAnnotations(), Map.<String, String>of())
                        .getOrDefault(Names.DESIRED_ANNOTATION, ""));
    }

    /**
     * Nodes whose agent counts: a node that is lost is not a node that nobody wants.
     *
     * @param staying nodes with an agent that is not about to be removed
     */
    public int wanted(int staying) {
        return Math.max(desired, Math.min(desired + stranded, staying));
    }
}

package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.operator.desired.AgentMetadata;

/**
 * How far the DaemonSet is.
 *
 * @param current whether the numbers speak of the DaemonSet's present specification
 * @param desired nodes that should run an agent, as the cluster counts them
 * @param stranded nodes that run one, though a new one would not be let in: a taint came later, as it does on a node that
 *     the cluster no longer hears from; and nodes whose agent is about to be removed
 * @param updated of the desired, nodes whose pod has the present template
 * @param onDelete whether a changed template waits until somebody deletes the old pods
 * @param templateGeneration of the present template, as pods carry it, "" where unknown
 * @param digest of what was desired when it was last applied, "" where nothing says so
 */
public record Rollout(
        boolean current,
        int desired,
        int stranded,
        int updated,
        boolean onDelete,
        String templateGeneration,
        String digest) {
    private static final String TEMPLATE_ANNOTATION = "deprecated.daemonset.template.generation";

    public static Rollout of(DaemonSet daemonSet) {
        var status = requireNonNullElse(daemonSet.getStatus(), new DaemonSetStatus());
        long generation = requireNonNullElse(daemonSet.getMetadata().getGeneration(), 0L);
        long observed = requireNonNullElse(status.getObservedGeneration(), 0L);
        boolean current = observed >= Math.max(generation, 1);
        var annotations = requireNonNullElse(daemonSet.getMetadata().getAnnotations(), Map.<String, String>of());
        return new Rollout(
                current,
                requireNonNullElse(status.getDesiredNumberScheduled(), 0),
                requireNonNullElse(status.getNumberMisscheduled(), 0),
                current ? requireNonNullElse(status.getUpdatedNumberScheduled(), 0) : 0,
                Optional.ofNullable(daemonSet.getSpec())
                        .map(spec -> spec.getUpdateStrategy())
                        .filter(strategy -> "OnDelete".equals(strategy.getType()))
                        .isPresent(),
                annotations.getOrDefault(TEMPLATE_ANNOTATION, ""),
                annotations.getOrDefault(AgentMetadata.DESIRED_ANNOTATION, ""));
    }

    /** Whether not every node's pod has the present template yet. */
    public boolean unfinished() {
        return !current || updated < desired;
    }

    /** Whether the pod was made from an older template than the present one. */
    public boolean isBehind(AgentPod pod) {
        return !templateGeneration.isEmpty()
                && !pod.templateGeneration().isEmpty()
                && !pod.templateGeneration().equals(templateGeneration);
    }

    /**
     * Nodes whose agent counts. A lost node counts too.
     *
     * @param staying nodes with an agent that is not about to be removed
     */
    public int wanted(int staying) {
        return Math.max(desired, Math.min(desired + stranded, staying));
    }
}

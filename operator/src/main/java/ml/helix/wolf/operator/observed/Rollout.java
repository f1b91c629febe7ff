package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.operator.desired.AgentMetadata;

/**
 * How far the DaemonSet's rollout is.
 *
 * @param current whether the numbers are those of the DaemonSet's present spec
 * @param desired nodes that should run an agent, as the cluster counts them
 * @param misscheduled nodes that run an agent, but would not get a new one: they got a taint later, as a node that the
 *     cluster no longer hears from does, or their agent is about to be removed
 * @param updated those of the desired nodes whose pod has the present template
 * @param onDelete whether old pods run until somebody deletes them
 * @param templateGeneration the present template's, as pods have it; "" if unknown
 * @param digest what {@link AgentMetadata#DESIRED_ANNOTATION} says, "" if there is none
 */
public record Rollout(
        boolean current,
        int desired,
        int misscheduled,
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

    /** Whether some node's pod doesn't have the present template yet. */
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
     * Nodes that should run an agent, lost nodes included.
     *
     * @param staying nodes with an agent that is not about to be removed
     */
    public int desiredWithLost(int staying) {
        return Math.max(desired, Math.min(desired + misscheduled, staying));
    }
}

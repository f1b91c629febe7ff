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
 * @param desired nodes that should run an agent
 * @param updated of these, nodes whose pod has the present template
 * @param digest of what was desired when it was last applied, "" where nothing says so
 */
public record Rollout(boolean current, int desired, int updated, String digest) {

    public static Rollout of(DaemonSet daemonSet) {
        var status = requireNonNullElse(daemonSet.getStatus(), new DaemonSetStatus());
        long generation = requireNonNullElse(daemonSet.getMetadata().getGeneration(), 0L);
        long observed = requireNonNullElse(status.getObservedGeneration(), 0L);
        boolean current = observed >= Math.max(generation, 1);
        return new Rollout(
                current,
                requireNonNullElse(status.getDesiredNumberScheduled(), 0),
                current ? requireNonNullElse(status.getUpdatedNumberScheduled(), 0) : 0,
                requireNonNullElse(daemonSet.getMetadata().getAnnotations(), Map.<String, String>of())
                        .getOrDefault(Names.DESIRED_ANNOTATION, ""));
    }
}

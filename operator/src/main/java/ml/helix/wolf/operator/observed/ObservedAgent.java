package ml.helix.wolf.operator.observed;

import java.util.Optional;

/**
 * A pod, its agent's answer, and the conflict with another agent of the same runner id, if there is one.
 *
 * @param warning the newest warning about the pod, if it has been starting for a while
 */
public record ObservedAgent(
        AgentPod pod, AgentAnswer answer, Optional<Warning> warning, Optional<RunnerIdConflict> conflict) {

    public ObservedAgent(AgentPod pod, AgentAnswer answer, Optional<Warning> warning) {
        this(pod, answer, warning, Optional.empty());
    }

    public ObservedAgent withConflict(RunnerIdConflict found) {
        return new ObservedAgent(pod, answer, warning, Optional.of(found));
    }

    /**
     * An event of type Warning.
     *
     * @param reason the cluster's word, for example FailedMount
     */
    public record Warning(String reason, String message) {}
}

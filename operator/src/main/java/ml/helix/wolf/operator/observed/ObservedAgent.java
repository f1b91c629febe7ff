package ml.helix.wolf.operator.observed;

import java.util.Optional;

/**
 * A pod, what its agent says, and who else has its runner id.
 *
 * @param warning the cluster's newest warning about a pod that has been starting for a while
 * @param rival another agent with the same runner id
 */
public record ObservedAgent(AgentPod pod, AgentAnswer answer, Optional<Warning> warning, Optional<Rival> rival) {

    public ObservedAgent(AgentPod pod, AgentAnswer answer, Optional<Warning> warning) {
        this(pod, answer, warning, Optional.empty());
    }

    /** The same agent with another that has its runner id. */
    public ObservedAgent against(Rival other) {
        return new ObservedAgent(pod, answer, warning, Optional.of(other));
    }

    /**
     * An event of type Warning.
     *
     * @param reason the cluster's word, for example FailedMount
     */
    public record Warning(String reason, String message) {}
}

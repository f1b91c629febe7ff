package ml.helix.wolf.operator.observed;

import java.util.Optional;

/**
 * A pod and what its agent says.
 *
 * @param warning the cluster's newest warning about a pod that has been starting for a while
 */
public record ObservedAgent(AgentPod pod, AgentAnswer answer, Optional<Warning> warning) {

    /**
     * An event of type Warning.
     *
     * @param reason the cluster's word, for example FailedMount
     */
    public record Warning(String reason, String message) {}
}

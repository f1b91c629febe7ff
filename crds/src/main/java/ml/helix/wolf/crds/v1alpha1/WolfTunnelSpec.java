package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElseGet;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.apps.DaemonSetUpdateStrategy;
import org.jspecify.annotations.Nullable;

/** What an admin writes. The defaults are set here too, for objects that no API server has completed. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!has(self.updateStrategy) || !has(self.updateStrategy.rollingUpdate)"
                + " || !has(self.updateStrategy.rollingUpdate.maxSurge)"
                + " || (type(self.updateStrategy.rollingUpdate.maxSurge) == int"
                + " ? self.updateStrategy.rollingUpdate.maxSurge == 0"
                + " : self.updateStrategy.rollingUpdate.maxSurge in ['0', '0%'])"
                + " || (has(self.pod) && has(self.pod.hostNetwork) ? !self.pod.hostNetwork"
                + " : has(self.wolf) && has(self.wolf.container))",
        message =
                "updateStrategy.rollingUpdate.maxSurge starts a second agent on a node, and on the node's network both"
                        + " would want the same port: remove maxSurge, or set pod.hostNetwork to false")
public record WolfTunnelSpec(
        @Required @JsonPropertyDescription("Where the agents connect to.")
        ControlPlane controlPlane,

        @Required @JsonPropertyDescription("The token with which the agents authenticate to the control plane.")
        RunnerToken runnerToken,

        @JsonPropertyDescription("The runner id of each agent: {runnerPrefix}{prefix}{source}.")
        WolfId wolfId,

        @JsonPropertyDescription("How the agents reach Wolf's API.")
        Wolf wolf,

        @JsonPropertyDescription("The agent's container.") Agent agent,
        @JsonPropertyDescription("The agents' pods.") Pod pod,

        @JsonPropertyDescription("The DaemonSet's update strategy; its default is a rolling update, one node at a time."
                + " With rollingUpdate.maxSurge and maxUnavailable: 0, the new agent of a node starts before the old one"
                + " stops; not on the node's network, where both would want the same port.")
        @Nullable
        DaemonSetUpdateStrategy updateStrategy,

        @Default("false")
        @JsonPropertyDescription(
                "Drain the instances of cordoned nodes at the control plane: it sends nothing new there until the node is"
                        + " uncordoned. The operator needs the role of manifests/drain-cordoned-nodes.")
        boolean drainCordonedNodes,

        @Default("false")
        @JsonPropertyDescription("While true, the operator changes nothing that runs; it still updates the status.")
        boolean paused) {

    /** Whether a rollout starts the new agent of a node before it stops the old one. */
    public boolean surges() {
        return updateStrategy != null
                && updateStrategy.getRollingUpdate() != null
                && updateStrategy.getRollingUpdate().getMaxSurge() != null
                && !String.valueOf(
                                updateStrategy.getRollingUpdate().getMaxSurge().getValue())
                        .matches("0%?");
    }

    public WolfTunnelSpec {
        wolfId = requireNonNullElseGet(wolfId, WolfId::defaults);
        wolf = requireNonNullElseGet(wolf, Wolf::defaults);
        agent = requireNonNullElseGet(agent, Agent::defaults);
        pod = requireNonNullElseGet(pod, Pod::defaults);
    }
}

package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElseGet;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.apps.DaemonSetUpdateStrategy;
import org.jspecify.annotations.Nullable;

/** What an admin writes. The defaults are set here too, for objects that no API server has completed. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
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

        @JsonPropertyDescription(
                "The DaemonSet's update strategy; its default is a rolling update, one node at a time.")
        @Nullable
        DaemonSetUpdateStrategy updateStrategy,

        @Default("false")
        @JsonPropertyDescription("While true, the operator changes nothing that runs; it still updates the status.")
        boolean paused) {

    public WolfTunnelSpec {
        wolfId = requireNonNullElseGet(wolfId, WolfId::defaults);
        wolf = requireNonNullElseGet(wolf, Wolf::defaults);
        agent = requireNonNullElseGet(agent, Agent::defaults);
        pod = requireNonNullElseGet(pod, Pod::defaults);
    }
}

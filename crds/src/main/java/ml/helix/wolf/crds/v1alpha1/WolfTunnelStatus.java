package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator observes. It is written only when its meaning changes. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WolfTunnelStatus(
        @JsonPropertyDescription(
                "The metadata.generation that this status is about; -1 until an operator has seen the WolfTunnel.")
        @Nullable
        Long observedGeneration,

        @JsonPropertyDescription("Nodes that should run an agent.") @Nullable
        Integer desired,

        @JsonPropertyDescription("Nodes whose pod has the present template.") @Nullable
        Integer updated,

        @JsonPropertyDescription("Tunnels that are up.") @Nullable
        Integer connected,

        @JsonPropertyDescription("For people: 3/4 connected.") @Nullable
        String summary,

        @JsonPropertyDescription(
                "For people: 3/4 reachable. How many agents reach their Wolf; absent until one has" + " checked.")
        @Nullable
        String wolf,

        @JsonPropertyDescription("While it is in progress: when that began, or when its last step was, RFC 3339.")
        @Nullable
        String lastStep,

        @JsonPropertyDescription("Ready, Reconciling, Stalled, AgentsAvailable, ControlPlaneReachable, Authenticated,"
                + " WolfReachable.")
        List<Condition> conditions,

        @JsonPropertyDescription("One entry per node, the unhealthy first; at most 64.")
        List<TunnelStatus> tunnels,

        @JsonPropertyDescription("How many entries the list tunnels leaves out.") @Nullable
        Integer omittedTunnels) {

    public WolfTunnelStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        tunnels = tunnels == null ? List.of() : List.copyOf(tunnels);
    }
}

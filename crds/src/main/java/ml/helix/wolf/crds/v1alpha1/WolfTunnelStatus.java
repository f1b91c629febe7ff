package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator sees. Written only when its meaning changes. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WolfTunnelStatus(
        @JsonPropertyDescription(
                "The metadata.generation that this status speaks of; -1 before the operator's first look.")
        @Nullable
        Long observedGeneration,

        @JsonPropertyDescription("Nodes that should run an agent.") @Nullable
        Integer desired,

        @JsonPropertyDescription("Pods of the present template.") @Nullable
        Integer updated,

        @JsonPropertyDescription("Tunnels that are up.") @Nullable
        Integer connected,

        @JsonPropertyDescription("For people: 3/4 connected.") @Nullable
        String summary,

        @JsonPropertyDescription("For people: 3/4 reachable. How many of the agents reach their Wolf; absent before any"
                + " has looked.")
        @Nullable
        String wolf,

        @JsonPropertyDescription("While it is not Ready but on its way: when that began or last took a step, RFC 3339.")
        @Nullable
        String lastStep,

        @JsonPropertyDescription("Ready, Reconciling, Stalled, AgentsAvailable, ControlPlaneReachable, Authenticated,"
                + " WolfReachable.")
        List<Condition> conditions,

        @JsonPropertyDescription("One per node, the unhealthy first; at most 64.")
        List<TunnelStatus> tunnels,

        @JsonPropertyDescription("How many more there are than tunnels lists.") @Nullable
        Integer omittedTunnels) {

    public WolfTunnelStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        tunnels = tunnels == null ? List.of() : List.copyOf(tunnels);
    }
}

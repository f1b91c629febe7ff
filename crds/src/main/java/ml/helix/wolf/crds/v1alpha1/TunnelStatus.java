package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import org.jspecify.annotations.Nullable;

/** The tunnel of one node. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TunnelStatus(
        @JsonPropertyDescription("The node; absent while the pod has none.") @Nullable
        String node,

        @JsonPropertyDescription("The agent's pod.") @Nullable
        String pod,

        @JsonPropertyDescription("This Wolf's id at the control plane, without its runnerPrefix.") @Nullable
        String wolfId,

        @JsonPropertyDescription("Connected, Connecting, Disconnected, Draining; Pending, Failing or Unknown"
                + " if the agent does not run.")
        @Nullable
        String state,

        @JsonPropertyDescription("Why it is not connected, or what else is wrong; docs/status.md explains each word.")
        @Nullable
        String reason,

        @JsonPropertyDescription("The reason in a sentence.") @Nullable
        String message,

        @JsonPropertyDescription("When this state began, RFC 3339.") @Nullable
        String since,

        @JsonPropertyDescription("How often this agent has connected since it started.") @Nullable
        Long connects,

        @JsonPropertyDescription("The agent's version.") @Nullable
        String agentVersion,

        @JsonPropertyDescription(
                "With delivery File: when the token that the tunnel uses came into the agent's file. If that"
                        + " is before the Secret's change, the tunnel still uses the old token.")
        @Nullable
        String tokenSince) {}

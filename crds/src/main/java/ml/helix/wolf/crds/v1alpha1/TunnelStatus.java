package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import org.jspecify.annotations.Nullable;

/** One node's tunnel. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TunnelStatus(
        @JsonPropertyDescription("The node; absent while the pod has none.") @Nullable
        String node,

        @JsonPropertyDescription("The agent's pod; absent while the node has none.") @Nullable
        String pod,

        @JsonPropertyDescription("What the control plane knows this Wolf by, without wolf- before it.") @Nullable
        String wolfId,

        @JsonPropertyDescription("Connected, Connecting, Disconnected, Draining; Pending, Failing or Unknown"
                + " where the agent does not run.")
        @Nullable
        String state,

        @JsonPropertyDescription("Why it is not connected, or what else is wrong: a word of docs/status.md.") @Nullable
        String reason,

        @JsonPropertyDescription("The reason in a sentence.") @Nullable
        String message,

        @JsonPropertyDescription("When this state began, RFC 3339.") @Nullable
        String since,

        @JsonPropertyDescription("How often this agent has connected since it started.") @Nullable
        Long connects,

        @JsonPropertyDescription("The agent's version.") @Nullable
        String agentVersion,

        @JsonPropertyDescription("With delivery File, from agents that tell: since when the file has the token that the"
                + " agent sees. Earlier than the Secret's change: the new token has not come yet.")
        @Nullable
        String tokenSince) {}

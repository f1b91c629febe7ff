package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The tunnel of one node, as the status has it. What the status leaves out is empty.
 *
 * @param runnerId the id at the control plane
 * @param since RFC 3339
 */
public record Tunnel(
        String node,
        String pod,
        String runnerId,
        String state,
        String reason,
        String message,
        String since,
        long connects,
        String agentVersion) {

    static Tunnel of(JsonNode json, String runnerPrefix) {
        String wolfId = json.path("wolfId").asText();
        return new Tunnel(
                json.path("node").asText(),
                json.path("pod").asText(),
                wolfId.isEmpty() ? "" : runnerPrefix + wolfId,
                json.path("state").asText(),
                json.path("reason").asText(),
                json.path("message").asText(),
                json.path("since").asText(),
                json.path("connects").asLong(),
                json.path("agentVersion").asText());
    }

    public boolean isConnected() {
        return state.equals("Connected");
    }

    /** The node, or while there is none, the pod. */
    public String place() {
        return node.isEmpty() ? pod : node;
    }
}

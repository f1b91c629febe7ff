package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A condition of a WolfTunnel.
 *
 * @param status True, False or Unknown
 */
public record Condition(String type, String status, String reason, String message) {
    static final Condition NONE = new Condition("", "Unknown", "", "");

    static Condition of(JsonNode json) {
        return new Condition(
                json.path("type").asText(),
                json.path("status").asText("Unknown"),
                json.path("reason").asText(),
                json.path("message").asText());
    }

    public boolean isTrue() {
        return status.equals("True");
    }
}

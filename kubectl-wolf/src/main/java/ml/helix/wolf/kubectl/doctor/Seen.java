package ml.helix.wolf.kubectl.doctor;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What the API server answered when it was asked for an object.
 *
 * @param status of HTTP
 * @param json the object, or the Status of a refusal
 */
public record Seen(int status, JsonNode json) {
    boolean isThere() {
        return status >= 200 && status < 300;
    }

    boolean isAbsent() {
        return status == 404;
    }

    /** The API server's sentence. */
    String message() {
        return json.path("message").asText("HTTP " + status);
    }
}

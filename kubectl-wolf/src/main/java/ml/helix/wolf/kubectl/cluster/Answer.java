package ml.helix.wolf.kubectl.cluster;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * An answer of the API server.
 *
 * @param body a Status where it refuses; a missing node where that is no JSON
 */
public record Answer(int status, JsonNode body) {

    public boolean isFine() {
        return status >= 200 && status < 300;
    }

    public boolean isNotFound() {
        return status == 404;
    }

    /** The API server's own sentence. */
    public String message() {
        return body.path("message").asText("HTTP " + status);
    }

    /** Whether the resource type is known: an object that doesn't exist is named in the answer. */
    boolean namesAnObject() {
        return !body.path("details").path("name").asText().isEmpty();
    }
}

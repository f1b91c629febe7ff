package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A request that is not carried out, as the API server tells it. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final String reason;

    Refusal(int code, String reason, String message) {
        super(message);
        this.code = code;
        this.reason = reason;
    }

    static Refusal unknownResource() {
        return new Refusal(404, "NotFound", "the server could not find the requested resource");
    }

    static Refusal notFound(ApiPath path) {
        return new Refusal(404, "NotFound", named(path) + " not found");
    }

    static Refusal conflict(ApiPath path, String why) {
        return new Refusal(409, "Conflict", "Operation cannot be fulfilled on " + named(path) + ": " + why);
    }

    static Refusal badRequest(String message) {
        return new Refusal(400, "BadRequest", message);
    }

    int code() {
        return code;
    }

    ObjectNode status() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Failure")
                .put("message", getMessage())
                .put("reason", reason)
                .put("code", code);
    }

    private static String named(ApiPath path) {
        return path.plural() + (path.group().isEmpty() ? "" : "." + path.group()) + " \"" + path.name() + "\"";
    }
}

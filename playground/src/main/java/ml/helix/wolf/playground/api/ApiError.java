package ml.helix.wolf.playground.api;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.MockResponse;

/** A request that the API server refuses; the response has the same code, reason and message as a real server's. */
final class ApiError extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final String reason;

    ApiError(int code, String reason, String message) {
        super(message);
        this.code = code;
        this.reason = reason;
    }

    static ApiError notFound(String plural, String name) {
        return new ApiError(404, "NotFound", plural + " \"" + name + "\" not found");
    }

    static ApiError conflict(String message) {
        return new ApiError(409, "Conflict", "Operation cannot be fulfilled: " + message);
    }

    static ApiError badRequest(String message) {
        return new ApiError(400, "BadRequest", message);
    }

    MockResponse response() {
        return new MockResponse()
                .setResponseCode(code)
                .setBody(Serialization.asJson(new StatusBuilder()
                        .withStatus("Failure")
                        .withCode(code)
                        .withReason(reason)
                        .withMessage(getMessage())
                        .build()));
    }
}

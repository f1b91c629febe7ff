package ml.helix.wolf.controlplane.http;

/** Ends the handling of a request with an {@link ApiError}; only of use before the response has begun. */
public final class ApiException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient ApiError error;

    public ApiException(ApiError error) {
        super(error.code() + ": " + error.message());
        this.error = error;
    }

    public ApiError error() {
        return error;
    }
}

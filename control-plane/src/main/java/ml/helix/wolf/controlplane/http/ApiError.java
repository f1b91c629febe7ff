package ml.helix.wolf.controlplane.http;

import java.nio.ByteBuffer;
import ml.helix.wolf.program.Printable;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * An error as a caller sees it: {@code {"error":{"code":…,"message":…}}}.
 *
 * @param status of HTTP
 * @param code one word for programs; stable
 * @param message one sentence for people, without secrets; made {@link Printable} here
 * @param fields header fields that belong to the status, such as {@code Allow}
 */
public record ApiError(int status, String code, String message, HttpFields fields) {

    private record Body(Detail error) {}

    private record Detail(String code, String message) {}

    public ApiError {
        message = Printable.of(message);
        fields = fields.asImmutable();
    }

    public ApiError(int status, String code, String message) {
        this(status, code, message, HttpFields.EMPTY);
    }

    public static ApiError badRequest(String message) {
        return new ApiError(HttpStatus.BAD_REQUEST_400, "BadRequest", message);
    }

    public static ApiError unauthorized(String message) {
        return new ApiError(
                HttpStatus.UNAUTHORIZED_401,
                "Unauthorized",
                message,
                HttpFields.build().put(HttpHeader.WWW_AUTHENTICATE, "Bearer"));
    }

    public static ApiError notFound(String message) {
        return new ApiError(HttpStatus.NOT_FOUND_404, "NotFound", message);
    }

    /** @param allow the methods that are, separated by commas */
    static ApiError methodNotAllowed(String method, String allow) {
        return new ApiError(
                HttpStatus.METHOD_NOT_ALLOWED_405,
                "MethodNotAllowed",
                method + " is not possible here, only " + allow,
                HttpFields.build().put(HttpHeader.ALLOW, allow));
    }

    /** What a caller gets for a dial that led to no stream. */
    public static ApiError of(DialException failed) {
        int status =
                switch (failed.failure()) {
                    case NoConnection ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
                    case ReconnectTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
                    case MaxPendingDials ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
                    case DialTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
                    case PickupFailed ignored -> HttpStatus.BAD_GATEWAY_502;
                    // Nobody is there to read it.
                    case Withdrawn ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
                };
        return new ApiError(status, failed.failure().code(), String.valueOf(failed.getMessage()));
    }

    /** Answers with it; {@code callback} completes when the answer is written. */
    public void send(Response response, Callback callback) {
        send(response, json(), callback);
    }

    /** For HEAD, where Jetty hasn't read the request and would send the body. */
    void sendWithoutBody(Response response, Callback callback) {
        send(response, new byte[0], callback);
    }

    private void send(Response response, byte[] body, Callback callback) {
        RequestFacts.of(response.getRequest()).failedWith(code);
        response.setStatus(status);
        fields.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Json.TYPE);
        response.write(true, ByteBuffer.wrap(body), callback);
    }

    byte[] json() {
        return Json.write(new Body(new Detail(code, message)));
    }
}

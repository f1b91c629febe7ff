package ml.helix.wolf.controlplane.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import ml.helix.wolf.program.Printable;
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
 */
public record ApiError(int status, String code, String message) {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Body(Detail error) {}

    private record Detail(String code, String message) {}

    public ApiError {
        message = Printable.of(message);
    }

    public static ApiError badRequest(String message) {
        return new ApiError(HttpStatus.BAD_REQUEST_400, "BadRequest", message);
    }

    public static ApiError unauthorized(String message) {
        return new ApiError(HttpStatus.UNAUTHORIZED_401, "Unauthorized", message);
    }

    public static ApiError notFound(String message) {
        return new ApiError(HttpStatus.NOT_FOUND_404, "NotFound", message);
    }

    /** Answers with it; {@code callback} is told when the answer is written. */
    public void send(Response response, Callback callback) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        if (status == HttpStatus.UNAUTHORIZED_401) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        response.write(true, ByteBuffer.wrap(json()), callback);
    }

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(new Body(new Detail(code, message)));
        } catch (JsonProcessingException e) {
            throw new AssertionError("strings have their JSON", e);
        }
    }
}

package ml.helix.wolf.controlplane.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/** A small answer that is made at once. */
public record Page(int status, String contentType, String body) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static Page text(int status, String line) {
        return new Page(status, "text/plain; charset=utf-8", line + "\n");
    }

    /** @param value what Jackson can write as it is */
    public static Page json(Object value) {
        try {
            return new Page(HttpStatus.OK_200, "application/json", JSON.writeValueAsString(value) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON for " + value.getClass(), e);
        }
    }

    /** Answers each GET and HEAD with a new page; anything else gets 405. */
    public static Request.Handler each(Supplier<Page> page) {
        return (request, response, callback) -> {
            boolean get = HttpMethod.GET.is(request.getMethod());
            if (!get && !HttpMethod.HEAD.is(request.getMethod())) {
                throw new ApiException(
                        new ApiError(HttpStatus.METHOD_NOT_ALLOWED_405, "MethodNotAllowed", "only GET and HEAD"));
            }
            Page made = page.get();
            response.setStatus(made.status);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, made.contentType);
            byte[] bytes = made.body.getBytes(StandardCharsets.UTF_8);
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
            if (get) {
                response.write(true, ByteBuffer.wrap(bytes), callback);
            } else {
                callback.succeeded();
            }
            return true;
        };
    }
}

package ml.helix.wolf.controlplane.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/**
 * A response whose body is complete before the first byte is sent.
 *
 * @param fields header fields beside those of the body
 */
public record TextResponse(int status, String contentType, String body, HttpFields fields) {

    public TextResponse(int status, String contentType, String body) {
        this(status, contentType, body, HttpFields.EMPTY);
    }

    /** Makes the response to one request. Thread safe; may block. */
    @FunctionalInterface
    public interface Maker {
        /** @throws Exception as {@link RouteHandler#handle} */
        TextResponse make(Request request, PathMatch path) throws Exception;
    }

    public static TextResponse line(int status, String line) {
        return new TextResponse(status, "text/plain; charset=utf-8", line + "\n");
    }

    /** 200 with one line of JSON; {@code value} as {@link Json#write} takes it. */
    public static TextResponse json(Object value) {
        return json(HttpStatus.OK_200, value);
    }

    /** The same with another status. */
    public static TextResponse json(int status, Object value) {
        return new TextResponse(status, Json.TYPE, Json.text(value) + "\n");
    }

    /** 204. */
    public static TextResponse noContent() {
        return new TextResponse(HttpStatus.NO_CONTENT_204, "", "");
    }

    /** Answers each request with a response made for it. */
    public static RouteHandler each(Maker maker) {
        return (request, path, response, callback) -> {
            TextResponse made = maker.make(request, path);
            byte[] bytes = made.body.getBytes(StandardCharsets.UTF_8);
            response.setStatus(made.status);
            made.fields.forEach(response.getHeaders()::put);
            if (made.status != HttpStatus.NO_CONTENT_204) {
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, made.contentType);
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
            }
            response.write(true, ByteBuffer.wrap(bytes), callback);
        };
    }
}

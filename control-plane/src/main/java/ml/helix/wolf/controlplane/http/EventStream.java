package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;

/**
 * A response of server-sent events (text/event-stream), with nothing queued: each write waits until the socket has taken it.
 * One thread writes; {@link #cut} may come from any other.
 */
public final class EventStream {
    private final Request request;
    private final Response response;

    /** What sends the events. Thread safe. */
    @FunctionalInterface
    public interface Source {
        /**
         * Sends events to one caller; the response ends in order when it returns.
         *
         * @throws Exception as {@link RouteHandler#handle}; an {@link IOException} if the caller has gone
         */
        void send(Request request, EventStream out) throws Exception;
    }

    private EventStream(Request request, Response response) {
        this.request = request;
        this.response = response;
    }

    /** Answers each GET with the events of the source, and HEAD without any. */
    public static RouteHandler each(Source source) {
        return (request, path, response, callback) -> {
            response.setStatus(HttpStatus.OK_200);
            response.getHeaders()
                    .put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                    .put(HttpHeader.CACHE_CONTROL, "no-store")
                    .put("X-Accel-Buffering", "no"); // nginx would hold the events back
            if (!HttpMethod.HEAD.is(request.getMethod())) {
                source.send(request, new EventStream(request, response));
            }
            callback.succeeded();
        };
    }

    /**
     * Sends one event.
     *
     * @param data one line
     * @throws IOException if the caller has gone or was cut
     */
    public void send(String event, String data) throws IOException {
        write("event: " + event + "\ndata: " + data + "\n\n");
    }

    /**
     * Sends what clients ignore, so that both ends and those in between see that the connection lives.
     *
     * @throws IOException if the caller has gone or was cut
     */
    public void comment() throws IOException {
        write(":\n\n");
    }

    /**
     * Ends the response. Nothing may be sent after it.
     *
     * @throws IOException if the caller has gone or was cut
     */
    public void end() throws IOException {
        write(true, "");
    }

    private void write(String text) throws IOException {
        write(false, text);
    }

    private void write(boolean last, String text) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            response.write(last, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), written);
            written.block();
        }
    }

    /** Closes the connection, so that a write that waits fails. Idempotent; never blocks. */
    public void cut() {
        PeerEndPoint.beneath(request).close();
    }
}

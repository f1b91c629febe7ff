package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Answers the requests of a {@link Route}. Thread safe; may block. */
@FunctionalInterface
public interface RouteHandler {

    /**
     * Answers, then completes the callback; or throws and leaves the callback alone.
     *
     * @throws Exception {@link ApiException} for a planned error; {@link OuterHandler} makes an answer of any other too
     */
    void handle(Request request, PathMatch path, Response response, Callback callback) throws Exception;
}

package ml.helix.wolf.controlplane.http;

import java.util.List;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * What one path does for some methods.
 *
 * @param methods as requests spell them, case and all; empty for every method
 */
public record Route(List<String> methods, PathTemplate template, AccessRule access, RouteHandler handler) {

    public Route {
        methods = List.copyOf(methods);
    }

    /** For one method. A handler of GET gets HEAD requests as well; what it writes as their body is not sent. */
    public static Route on(HttpMethod method, String template, AccessRule access, RouteHandler handler) {
        var methods = method == HttpMethod.GET ? List.of("GET", "HEAD") : List.of(method.asString());
        return new Route(methods, PathTemplate.of(template), access, handler);
    }

    /** For WebSocket handshakes: GET without HEAD. */
    public static Route upgrade(String template, AccessRule access, RouteHandler handler) {
        return new Route(List.of("GET"), PathTemplate.of(template), access, handler);
    }

    /** For every method, OPTIONS and unknown ones included. */
    public static Route any(String template, AccessRule access, RouteHandler handler) {
        return new Route(List.of(), PathTemplate.of(template), access, handler);
    }

    /** Below it there is nothing but what other routes have; who passes the access rule gets 404 with this hint. */
    public static Route nothingElse(String template, AccessRule access, String hint) {
        return new Route(List.of(), PathTemplate.of(template), access, new NothingElse(hint));
    }

    private record NothingElse(String hint) implements RouteHandler {
        @Override
        public void handle(Request request, PathMatch path, Response response, Callback callback) throws ApiException {
            throw new ApiException(ApiError.notFound(hint));
        }
    }

    /** Whether it is one of {@link #nothingElse}. */
    public boolean leadsNowhere() {
        return handler instanceof NothingElse;
    }

    /** The path template as text. */
    public String path() {
        return template.toString();
    }

    boolean takes(String method) {
        return methods.isEmpty() || methods.contains(method);
    }

    /** Whether some method belongs to both. */
    boolean overlaps(Route other) {
        return methods.isEmpty() || other.methods.isEmpty() || methods.stream().anyMatch(other.methods::contains);
    }
}

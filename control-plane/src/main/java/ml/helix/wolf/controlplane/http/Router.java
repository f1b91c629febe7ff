package ml.helix.wolf.controlplane.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Finds the {@link Route} of a request. The first template that matches the raw path decides, in {@link PathTemplate}'s
 * order; a less specific one is not tried, whatever the method. Without a template it is 404. Then the route of the method
 * checks its access rule and handles the request.
 *
 * <p>A method that the path lacks is answered after the access rule of the path's first route, so that nobody learns the
 * methods of a path that they may not use: OPTIONS by 204 and {@code Allow}, any other by 405 and {@code Allow}. Immutable.
 */
public final class Router implements Request.Handler {
    /** Each list holds the routes of one path, none of them for another's method. */
    private final TreeMap<PathTemplate, List<Route>> routes = new TreeMap<>();

    /** @throws IllegalArgumentException if two routes have a path and a method in common */
    public Router(List<Route> all) {
        for (Route route : all) {
            List<Route> ofPath = routes.computeIfAbsent(route.template(), path -> new ArrayList<>());
            for (Route other : ofPath) {
                if (route.overlaps(other)) {
                    throw new IllegalArgumentException(
                            "two routes for one method: " + other.template() + " and " + route.template());
                }
            }
            ofPath.add(route);
        }
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = request.getHttpURI().getPath();
        List<String> segments = path != null && path.startsWith("/") ? PathTemplate.split(path) : List.of();
        for (Map.Entry<PathTemplate, List<Route>> entry : routes.entrySet()) {
            Optional<PathMatch> match = entry.getKey().match(segments);
            if (match.isPresent()) {
                RequestFacts.of(request).routed(entry.getKey(), match.get());
                handle(entry.getValue(), match.get(), request, response, callback);
                return true;
            }
        }
        throw new ApiException(ApiError.notFound("no such path"));
    }

    private static void handle(
            List<Route> ofPath, PathMatch match, Request request, Response response, Callback callback)
            throws Exception {
        String method = request.getMethod();
        for (Route route : ofPath) {
            if (route.takes(method)) {
                route.access().check(request, match);
                route.handler().handle(request, match, response, callback);
                return;
            }
        }
        ofPath.getFirst().access().check(request, match);
        String allow = String.join(
                ", ",
                Stream.concat(ofPath.stream().flatMap(route -> route.methods().stream()), Stream.of("OPTIONS"))
                        .toList());
        if (!method.equals("OPTIONS")) {
            throw new ApiException(ApiError.methodNotAllowed(method, allow));
        }
        response.setStatus(HttpStatus.NO_CONTENT_204);
        response.getHeaders().put(HttpHeader.ALLOW, allow);
        callback.succeeded();
    }
}

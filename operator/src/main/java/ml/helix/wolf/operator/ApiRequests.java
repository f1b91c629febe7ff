package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.URI;
import java.util.List;

/** Counts the operator's requests to the API server for {@code /metrics}: its share of the API server's load. Thread-safe. */
public final class ApiRequests implements Interceptor {
    private final Counter requests;

    public ApiRequests(PrometheusRegistry registry) {
        requests = Counter.builder()
                .name("wolf_operator_api_requests_total")
                .help("Requests to the API server, by verb and resource; a watch counts when it begins")
                .labelNames("verb", "resource")
                .register(registry);
    }

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        var uri = request.uri();
        requests.labelValues(verb(request.method(), uri), resource(uri)).inc();
    }

    private static String verb(String method, URI uri) {
        var query = "&" + uri.getQuery() + "&";
        return query.contains("&watch=true&")
                ? "watch"
                : switch (method) {
                    case "GET" -> named(uri) ? "get" : "list";
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    case "PATCH" -> "patch";
                    default -> "delete";
                };
    }

    private static boolean named(URI uri) {
        return parts(uri).size() > 1;
    }

    /** For example {@code pods} or {@code wolftunnels/status}. */
    private static String resource(URI uri) {
        var parts = parts(uri);
        return switch (parts.size()) {
            case 0 -> "other";
            case 1, 2 -> parts.getFirst();
            default -> parts.getFirst() + "/" + parts.get(2);
        };
    }

    /** Resource, name and subresource, as far as the path has them; empty if it names no resource. */
    private static List<String> parts(URI uri) {
        var path = List.of(uri.getPath().substring(1).split("/"));
        int start = path.indexOf("api") == 0 ? 2 : path.indexOf("apis") == 0 ? 3 : path.size();
        if (path.size() > start + 2 && path.get(start).equals("namespaces")) {
            start += 2;
        }
        return start < path.size() ? path.subList(start, path.size()) : List.of();
    }
}

package ml.helix.wolf.controlplane.audit;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Set;
import ml.helix.wolf.controlplane.http.RequestFacts;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;

/** Counts complete requests. The labels are few, whatever is asked: no id is among them. Thread safe. */
public final class RequestMetrics implements RequestLog {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE");

    private final Counter requests;
    private final Counter bytes;

    public RequestMetrics(PrometheusRegistry metrics) {
        requests = Counter.builder()
                .name("wolf_control_plane_http_requests_total")
                .help(
                        "Complete requests, by the path template of their route, method and status. An upgrade counts when it begins.")
                .labelNames("route", "method", "code")
                .register(metrics);
        bytes = Counter.builder()
                .name("wolf_control_plane_http_bytes_total")
                .help(
                        "Bytes of bodies, by direction: in (requests) or out (responses). Without those after an upgrade.")
                .labelNames("direction")
                .register(metrics);
    }

    @Override
    public void log(Request request, Response response) {
        String route = RequestFacts.of(request).route();
        String method = request.getMethod();
        requests.labelValues(
                        route.isEmpty() ? "none" : route,
                        METHODS.contains(method) ? method : "other",
                        Integer.toString(response.getStatus()))
                .inc();
        bytes.labelValues("in").inc(Request.getContentBytesRead(request));
        bytes.labelValues("out").inc(Response.getContentBytesWritten(response));
    }
}

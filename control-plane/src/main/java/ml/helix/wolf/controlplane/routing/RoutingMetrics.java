package ml.helix.wolf.controlplane.routing;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.IntSupplier;

/** What routing counts. Thread safe. */
final class RoutingMetrics {
    private final Counter requests;
    private final CounterDataPoint retries;

    RoutingMetrics(PrometheusRegistry metrics, IntSupplier sessions) {
        requests = Counter.builder()
                .name("wolf_control_plane_routed_requests_total")
                .help(
                        "Requests by how their instance was chosen: Chosen, Sticky, Moved (a session whose instance can't be"
                                + " used now), NoInstance.")
                .labelNames("result")
                .register(metrics);
        retries = Counter.builder()
                .name("wolf_control_plane_routed_retries_total")
                .help("Tries of routed requests at another instance.")
                .register(metrics)
                .labelValues();
        GaugeWithCallback.builder()
                .name("wolf_control_plane_sessions")
                .help("Sessions whose instance is remembered.")
                .callback(callback -> callback.call(sessions.getAsInt()))
                .register(metrics);
    }

    void chosen(Balancer.How how) {
        requests.labelValues(
                        switch (how) {
                            case CHOSEN -> "Chosen";
                            case STICKY -> "Sticky";
                            case MOVED -> "Moved";
                        })
                .inc();
    }

    void noInstance() {
        requests.labelValues("NoInstance").inc();
    }

    void retried() {
        retries.inc();
    }
}

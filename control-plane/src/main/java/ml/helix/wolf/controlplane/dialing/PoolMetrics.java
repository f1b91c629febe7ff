package ml.helix.wolf.controlplane.dialing;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** What a {@link PooledDialing} counts. Thread safe. */
public final class PoolMetrics {
    private static final String PREFIX = "wolf_control_plane_pool_";

    private final Counter hits;
    private final Counter misses;
    private final Counter discarded;
    private final Counter full;
    private final Gauge limit;
    private final Gauge idle;

    public PoolMetrics(PrometheusRegistry registry) {
        hits = counter(registry, "hits_total", "Dials that got a data connection which was picked up ahead of need.");
        misses = counter(registry, "misses_total", "Dials for which there was none.");
        discarded = counter(
                registry, "discarded_total", "Data connections that were picked up ahead of need and never used.");
        full = counter(
                registry, "full_total", "Data connections that were wanted ahead of need while the pool had no room.");
        limit = Gauge.builder()
                .name(PREFIX + "limit")
                .help("How many data connections the pool may hold in all; 0 if it is off.")
                .register(registry);
        idle = Gauge.builder()
                .name(PREFIX + "idle")
                .help("Data connections that are picked up ahead of need and not used yet.")
                .register(registry);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().name(PREFIX + name).help(help).register(registry);
    }

    void limit(int connections) {
        limit.set(connections);
    }

    void hit() {
        hits.inc();
    }

    void miss() {
        misses.inc();
    }

    void added() {
        idle.inc();
    }

    void taken() {
        idle.dec();
    }

    void full(int connections) {
        full.inc(connections);
    }

    void discarded() {
        discarded.inc();
    }
}

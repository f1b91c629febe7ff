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
    private final Gauge idle;

    public PoolMetrics(PrometheusRegistry registry) {
        hits = counter(registry, "hits_total", "Dials that got a data connection which was picked up ahead of need.");
        misses = counter(registry, "misses_total", "Dials for which there was none.");
        discarded = counter(
                registry, "discarded_total", "Data connections that were picked up ahead of need and never used.");
        idle = Gauge.builder()
                .name(PREFIX + "idle")
                .help("Data connections that are picked up ahead of need and not used yet.")
                .register(registry);
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().name(PREFIX + name).help(help).register(registry);
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

    void discarded() {
        discarded.inc();
    }
}

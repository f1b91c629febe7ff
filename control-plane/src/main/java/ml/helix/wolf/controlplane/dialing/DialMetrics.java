package ml.helix.wolf.controlplane.dialing;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import ml.helix.wolf.revdial.Stats;

/** What the control plane counts of agents, dials and streams. Thread safe. */
public final class DialMetrics {
    private static final String PREFIX = "wolf_control_plane_";

    private final Counter dials;
    private final Histogram dialSeconds;
    private final Gauge streamsActive;
    private final Counter streamsTotal;
    private final CounterDataPoint toWolf;
    private final CounterDataPoint fromWolf;

    /** @param stats asked at each scrape */
    public DialMetrics(PrometheusRegistry registry, Supplier<Stats> stats) {
        dials = Counter.builder()
                .name(PREFIX + "dials_total")
                .help("Dials by how they ended: Ok or the name of the failure.")
                .labelNames("result")
                .register(registry);
        dialSeconds = Histogram.builder()
                .name(PREFIX + "dial_seconds")
                .help("How long a dial took until its stream was there; failed ones are not in it.")
                .classicOnly()
                .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
                .register(registry);
        streamsActive = Gauge.builder()
                .name(PREFIX + "streams_active")
                .help("Streams open now.")
                .register(registry);
        streamsTotal = Counter.builder()
                .name(PREFIX + "streams_total")
                .help("Streams opened.")
                .register(registry);
        Counter bytes = Counter.builder()
                .name(PREFIX + "bytes_total")
                .help("Bytes carried, by direction: to_wolf or from_wolf.")
                .labelNames("direction")
                .register(registry);
        toWolf = bytes.labelValues("to_wolf");
        fromWolf = bytes.labelValues("from_wolf");
        gauge(registry, "connected_agents", "Agents with a control connection.", stats, Stats::activeConnections);
        gauge(registry, "grace_entries", "Agents that dropped and may come back.", stats, Stats::gracePeriodEntries);
        gauge(registry, "pending_dials", "Dials waiting for an agent to come back.", stats, Stats::pendingDialsTotal);
    }

    private static void gauge(
            PrometheusRegistry registry, String name, String help, Supplier<Stats> stats, ToIntFunction<Stats> number) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .callback(callback -> callback.call(number.applyAsInt(stats.get())))
                .register(registry);
    }

    void succeeded(Duration took) {
        dials.labelValues("Ok").inc();
        dialSeconds.observe(took.toNanos() / 1e9);
        streamsTotal.inc();
        streamsActive.inc();
    }

    void failed(String code) {
        dials.labelValues(code).inc();
    }

    void streamClosed() {
        streamsActive.dec();
    }

    void toWolf(int bytes) {
        toWolf.inc(bytes);
    }

    void fromWolf(int bytes) {
        fromWolf.inc(bytes);
    }
}

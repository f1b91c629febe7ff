package ml.helix.wolf.controlplane.registry;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;
import java.util.Map;

/** What a {@link Registry} shows at each scrape. */
public final class RegistryMetrics {
    private RegistryMetrics() {}

    public static void register(PrometheusRegistry metrics, Registry registry) {
        GaugeWithCallback.builder()
                .name("wolf_control_plane_instances")
                .help("Instances by status.")
                .labelNames("status")
                .callback(callback -> {
                    Map<InstanceStatus, Long> counts =
                            registry.all().stream().collect(groupingBy(Instance::status, counting()));
                    for (InstanceStatus status : InstanceStatus.values()) {
                        callback.call(
                                counts.getOrDefault(status, 0L), status.name().toLowerCase(Locale.ROOT));
                    }
                })
                .register(metrics);
    }
}

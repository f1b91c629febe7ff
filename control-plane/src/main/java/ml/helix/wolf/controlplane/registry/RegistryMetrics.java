package ml.helix.wolf.controlplane.registry;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;

/** What a {@link Registry} shows at each scrape. */
public final class RegistryMetrics {
    private static final String PREFIX = "wolf_control_plane_";

    /** Zones come from agents: of more than these the rest is left out. */
    private static final int MAX_ZONES = 100;

    private RegistryMetrics() {}

    /** @param storeUp whether the store can be used */
    public static void register(PrometheusRegistry metrics, Registry registry, BooleanSupplier storeUp) {
        GaugeWithCallback.builder()
                .name(PREFIX + "store_up")
                .help("1 while the store can be used, else 0.")
                .callback(callback -> callback.call(storeUp.getAsBoolean() ? 1 : 0))
                .register(metrics);
        GaugeWithCallback.builder()
                .name(PREFIX + "instances")
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
        byZone(
                metrics,
                registry,
                "sessions_max",
                "Sessions that the online instances can have.",
                Capacity.Numbers::maxSessions);
        byZone(
                metrics,
                registry,
                "sessions_active",
                "Sessions that the online instances have.",
                Capacity.Numbers::activeSessions);
        byZone(
                metrics,
                registry,
                "sessions_free",
                "Sessions that fit on the online instances that don't drain.",
                Capacity.Numbers::free);
    }

    private static void byZone(
            PrometheusRegistry metrics,
            Registry registry,
            String name,
            String help,
            ToLongFunction<Capacity.Numbers> number) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames("zone")
                .callback(callback -> Capacity.of(registry.all()).zones().entrySet().stream()
                        .limit(MAX_ZONES)
                        .forEach(zone -> callback.call(number.applyAsLong(zone.getValue()), zone.getKey())))
                .register(metrics);
    }
}

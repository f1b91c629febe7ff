package ml.helix.wolf.controlplane.registry;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/** What a {@link Registry} shows at each scrape. */
public final class RegistryMetrics {
    private static final String PREFIX = "wolf_control_plane_";

    /** Zones come from agents: of more than these the rest is left out. */
    private static final int MAX_ZONES = 100;

    private RegistryMetrics() {}

    /**
     * @param storeUp whether the store can be used
     * @param replicas how many serve, this one included
     * @param replicasLost how many have been lost
     */
    public static void register(
            PrometheusRegistry metrics,
            Registry registry,
            BooleanSupplier storeUp,
            IntSupplier replicas,
            LongSupplier replicasLost) {
        GaugeWithCallback.builder()
                .name(PREFIX + "store_up")
                .help("1 while the store can be used, else 0.")
                .callback(callback -> callback.call(storeUp.getAsBoolean() ? 1 : 0))
                .register(metrics);
        GaugeWithCallback.builder()
                .name(PREFIX + "replicas")
                .help("Replicas that live as far as this one knows, itself included.")
                .callback(callback -> callback.call(replicas.getAsInt()))
                .register(metrics);
        CounterWithCallback.builder()
                .name(PREFIX + "replicas_lost_total")
                .help("Other replicas that went without stopping in order.")
                .callback(callback -> callback.call(replicasLost.getAsLong()))
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
        GaugeWithCallback.builder()
                .name(PREFIX + "displaced_instances")
                .help("Instances whose id two agents use.")
                .callback(callback -> callback.call(
                        registry.all().stream().filter(Instance::displaced).count()))
                .register(metrics);
        var capacity = new LastCapacity(registry);
        byZone(
                metrics,
                capacity,
                "sessions_max",
                "Sessions that the online instances can have.",
                Capacity.Numbers::maxSessions);
        byZone(
                metrics,
                capacity,
                "sessions_active",
                "Sessions that the online instances have.",
                Capacity.Numbers::activeSessions);
        byZone(
                metrics,
                capacity,
                "sessions_free",
                "Sessions that fit on the online instances that don't drain.",
                Capacity.Numbers::free);
    }

    /** Counts a list of instances once, however many metrics are made of it. */
    private static final class LastCapacity {
        private final Registry registry;
        private List<Instance> counted = List.of();
        private Capacity capacity = Capacity.of(List.of());

        LastCapacity(Registry registry) {
            this.registry = registry;
        }

        synchronized Capacity get() {
            List<Instance> now = registry.all();
            if (now != counted) {
                capacity = Capacity.of(now);
                counted = now;
            }
            return capacity;
        }
    }

    private static void byZone(
            PrometheusRegistry metrics,
            LastCapacity capacity,
            String name,
            String help,
            ToLongFunction<Capacity.Numbers> number) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames("zone")
                .callback(callback -> capacity.get().zones().entrySet().stream()
                        .limit(MAX_ZONES)
                        .forEach(zone -> callback.call(number.applyAsLong(zone.getValue()), zone.getKey())))
                .register(metrics);
    }
}

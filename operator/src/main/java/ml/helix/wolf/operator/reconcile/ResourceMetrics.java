package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.status.Status;

/** Gauges of each WolfTunnel, made from its last status when they are scraped. Thread-safe. */
final class ResourceMetrics implements MultiCollector {
    private final Map<ResourceID, Values> resources = new ConcurrentHashMap<>();

    /** What the gauges need of a status, which itself may have 64 KiB. */
    private record Values(boolean ready, int desired, int updated, int connected, List<ConditionValue> conditions) {
        static Values of(WolfTunnelStatus status) {
            return new Values(
                    Status.isReady(status),
                    requireNonNullElse(status.desired(), 0),
                    requireNonNullElse(status.updated(), 0),
                    requireNonNullElse(status.connected(), 0),
                    status.conditions().stream().map(ConditionValue::of).toList());
        }
    }

    private record ConditionValue(String type, String status, String reason) {
        static ConditionValue of(Condition condition) {
            return new ConditionValue(condition.getType(), condition.getStatus(), condition.getReason());
        }
    }

    void show(ResourceID resource, WolfTunnelStatus status) {
        resources.put(resource, Values.of(status));
    }

    void forget(ResourceID resource) {
        resources.remove(resource);
    }

    @Override
    public MetricSnapshots collect() {
        var ready = gauge("wolf_tunnel_ready", "1 while the condition Ready of the WolfTunnel is True, else 0");
        var nodes = gauge("wolf_tunnel_nodes", "Nodes of the WolfTunnel, as its status counts them");
        var conditions = gauge("wolf_tunnel_condition", "1 for the status and reason that a condition has");
        resources.forEach((resource, values) -> {
            var labels = Labels.of("namespace", resource.getNamespace().orElse(""), "name", resource.getName());
            ready.dataPoint(point(labels, values.ready() ? 1 : 0));
            nodes.dataPoint(point(labels.add("state", "desired"), values.desired()));
            nodes.dataPoint(point(labels.add("state", "updated"), values.updated()));
            nodes.dataPoint(point(labels.add("state", "connected"), values.connected()));
            values.conditions()
                    .forEach(condition -> conditions.dataPoint(point(
                            labels.merge(Labels.of(
                                    "type",
                                    condition.type(),
                                    "status",
                                    condition.status(),
                                    "reason",
                                    condition.reason())),
                            1)));
        });
        return MetricSnapshots.of(ready.build(), nodes.build(), conditions.build());
    }

    private static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    private static GaugeDataPointSnapshot point(Labels labels, double value) {
        return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
    }
}

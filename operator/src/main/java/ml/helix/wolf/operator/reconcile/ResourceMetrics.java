package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.status.Status;

/** Gauges of each WolfTunnel, made from its last status when they are scraped. Thread-safe. */
final class ResourceMetrics implements MultiCollector {
    private final Map<ResourceID, Values> resources = new ConcurrentHashMap<>();

    /** What the gauges need of a status, which itself may have 64 KiB. */
    private record Values(
            double passedAt,
            boolean ready,
            int desired,
            int updated,
            int connected,
            List<ConditionValue> conditions,
            List<Unhealthy> unhealthy) {
        static Values of(WolfTunnelStatus status, Instant passed) {
            return new Values(
                    passed.toEpochMilli() / 1e3,
                    Status.isReady(status),
                    requireNonNullElse(status.desired(), 0),
                    requireNonNullElse(status.updated(), 0),
                    requireNonNullElse(status.connected(), 0),
                    status.conditions().stream().map(ConditionValue::of).toList(),
                    status.tunnels().stream()
                            .filter(Unhealthy::isUnhealthy)
                            .map(Unhealthy::of)
                            .distinct() // a rollout may have two pods on a node; two points with the same labels are an
                            // error
                            .toList());
        }
    }

    private record ConditionValue(String type, String status, String reason) {
        static ConditionValue of(Condition condition) {
            return new ConditionValue(condition.getType(), condition.getStatus(), condition.getReason());
        }
    }

    /** An entry of the status' list, which has at most 64: so many series has one WolfTunnel at most, whatever fails. */
    private record Unhealthy(String node, String state, String reason) {
        static boolean isUnhealthy(TunnelStatus tunnel) {
            return !"Connected".equals(tunnel.state()) || tunnel.reason() != null;
        }

        static Unhealthy of(TunnelStatus tunnel) {
            return new Unhealthy(
                    requireNonNullElse(tunnel.node(), requireNonNullElse(tunnel.pod(), "")),
                    requireNonNullElse(tunnel.state(), ""),
                    requireNonNullElse(tunnel.reason(), ""));
        }
    }

    /** @param passed when the pass was made that found this status */
    void show(ResourceID resource, WolfTunnelStatus status, Instant passed) {
        resources.put(resource, Values.of(status, passed));
    }

    void forget(ResourceID resource) {
        resources.remove(resource);
    }

    @Override
    public MetricSnapshots collect() {
        var ready = gauge("wolf_tunnel_ready", "1 while the condition Ready of the WolfTunnel is True, else 0");
        var nodes = gauge("wolf_tunnel_nodes", "Nodes of the WolfTunnel, as its status counts them");
        var conditions = gauge("wolf_tunnel_condition", "1 for the status and reason that a condition has");
        var unhealthy = gauge(
                "wolf_tunnel_unhealthy",
                "1 for each node whose tunnel is not Connected, or is and has a reason; at most 64 of a WolfTunnel");
        var passes = gauge(
                "wolf_tunnel_last_pass_timestamp_seconds",
                "When the operator last compared the WolfTunnel's status with what it observed");
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
            values.unhealthy()
                    .forEach(tunnel -> unhealthy.dataPoint(point(
                            labels.merge(Labels.of(
                                    "node", tunnel.node(), "state", tunnel.state(), "reason", tunnel.reason())),
                            1)));
            passes.dataPoint(point(labels, values.passedAt()));
        });
        return MetricSnapshots.of(ready.build(), nodes.build(), conditions.build(), unhealthy.build(), passes.build());
    }

    private static GaugeSnapshot.Builder gauge(String name, String help) {
        return GaugeSnapshot.builder().name(name).help(help);
    }

    private static GaugeDataPointSnapshot point(Labels labels, double value) {
        return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
    }
}

package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResourceMetricsTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.5Z");

    private final ResourceMetrics metrics = new ResourceMetrics();

    /** A hundred times as many as the limit is about, so that what else the JVM does is small against it. */
    @Test
    void theGaugesOf200WolfTunnelsKeepLessThanOneMebibyte() {
        long before = usedHeap();
        for (int i = 0; i < 20_000; i++) {
            metrics.show(new ResourceID("gpu-nodes-" + i, "team-" + i), status(), NOW);
        }
        assertThat((usedHeap() - before) / 100).isLessThan(1024 * 1024);
        assertThat(series())
                .as("ready, three of nodes, seven conditions, the last pass")
                .isEqualTo(20_000 * 12);
        for (int i = 0; i < 20_000; i++) {
            metrics.forget(new ResourceID("gpu-nodes-" + i, "team-" + i));
        }
        assertThat(series()).isZero();
    }

    @Test
    void eachNodeWhoseTunnelIsNotWellHasASeriesOnceAndNoOtherNode() {
        metrics.show(
                new ResourceID("gpu-nodes", "wolf"),
                statusOf(
                        tunnel("gpu-1", "Connected", null),
                        tunnel("gpu-2", "Disconnected", "ConnectFailure"),
                        tunnel("gpu-3", "Connected", "WolfUnreachable"),
                        tunnel("gpu-4", "Connecting", null),
                        tunnel("gpu-4", "Connecting", null),
                        tunnel(null, "Pending", "Unschedulable")),
                NOW);
        assertThat(labels("wolf_tunnel_unhealthy"))
                .containsExactlyInAnyOrder(
                        "gpu-2 Disconnected ConnectFailure",
                        "gpu-3 Connected WolfUnreachable",
                        "gpu-4 Connecting ",
                        "gpu-nodes-x Pending Unschedulable");
    }

    @Test
    void theTimeOfTheLastPassIsInSeconds() {
        metrics.show(new ResourceID("gpu-nodes", "wolf"), statusOf(), NOW);
        assertThat(metric("wolf_tunnel_last_pass_timestamp_seconds").getDataPoints())
                .extracting(point -> ((GaugeDataPointSnapshot) point).getValue())
                .containsExactly(1767323045.5);
    }

    private List<String> labels(String name) {
        return metric(name).getDataPoints().stream()
                .map(DataPointSnapshot::getLabels)
                .map(labels -> labels.get("node") + " " + labels.get("state") + " " + labels.get("reason"))
                .toList();
    }

    private MetricSnapshot metric(String name) {
        return metrics.collect().stream()
                .filter(metric -> metric.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static WolfTunnelStatus statusOf(TunnelStatus... tunnels) {
        return new WolfTunnelStatus(1L, 4, 4, 1, "", null, null, List.of(), List.of(tunnels), 0);
    }

    private static TunnelStatus tunnel(@Nullable String node, String state, @Nullable String reason) {
        return new TunnelStatus(node, "gpu-nodes-x", null, state, reason, null, null, null, null, null);
    }

    private long series() {
        return metrics.collect().stream()
                .mapToLong(metric -> metric.getDataPoints().size())
                .sum();
    }

    private static long usedHeap() {
        System.gc();
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** With texts of its own, as one that was read from the API server. */
    private static WolfTunnelStatus status() {
        var tunnel = new TunnelStatus("n", "p", null, "Connected", null, own("x".repeat(500)), null, null, null, null);
        return new WolfTunnelStatus(
                1L,
                64,
                64,
                63,
                own("63/64 connected"),
                null,
                null,
                conditions(),
                Stream.generate(() -> tunnel).limit(64).toList(),
                0);
    }

    private static List<Condition> conditions() {
        return Stream.of(
                        "Ready",
                        "Reconciling",
                        "Stalled",
                        "AgentsAvailable",
                        "ControlPlaneReachable",
                        "Authenticated",
                        "WolfReachable")
                .map(type -> new ConditionBuilder()
                        .withType(own(type))
                        .withStatus(own("False"))
                        .withReason(own("ContainerConfigError"))
                        .withMessage(own("m".repeat(1000)))
                        .build())
                .toList();
    }

    private static String own(String text) {
        return new String(text.toCharArray());
    }
}

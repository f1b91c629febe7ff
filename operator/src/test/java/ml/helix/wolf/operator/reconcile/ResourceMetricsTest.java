package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.junit.jupiter.api.Test;

class ResourceMetricsTest {
    private final ResourceMetrics metrics = new ResourceMetrics();

    /** A hundred times as many as the limit is about, so that what else the JVM does is small against it. */
    @Test
    void theGaugesOf200WolfTunnelsKeepLessThanOneMebibyte() {
        long before = usedHeap();
        for (int i = 0; i < 20_000; i++) {
            metrics.show(new ResourceID("gpu-nodes-" + i, "team-" + i), status());
        }
        assertThat((usedHeap() - before) / 100).isLessThan(1024 * 1024);
        assertThat(series()).as("ready, three of nodes, seven conditions").isEqualTo(20_000 * 11);
        for (int i = 0; i < 20_000; i++) {
            metrics.forget(new ResourceID("gpu-nodes-" + i, "team-" + i));
        }
        assertThat(series()).isZero();
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

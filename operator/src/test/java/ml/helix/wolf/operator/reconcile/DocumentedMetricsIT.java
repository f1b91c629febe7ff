package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.ApiRequests;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.testkit.DocumentedMetrics;
import org.junit.jupiter.api.Test;

/** A metric has a value only once there was something to count, so the test causes one of each. */
class DocumentedMetricsIT {
    private final PrometheusRegistry registry = new PrometheusRegistry();

    @Test
    void theDocumentListsEachMetricWithItsTypeAndLabelsAndNoOther() throws Exception {
        var request = new StandardHttpRequest.Builder()
                .uri("https://cluster/version")
                .method("GET", "", "")
                .build();
        new ApiRequests(registry).before(new StandardHttpRequest.Builder(), request, null);
        var metrics = new OperatorMetrics(registry);
        metrics.countApply(true);
        metrics.countStatus(true);
        metrics.countPoll(new AgentAnswer.Unreachable("no answer"));
        metrics.countedNotice(true);
        metrics.resources().show(new ResourceID("gpu-nodes", "wolf"), status(), Instant.EPOCH);

        assertThat(DocumentedMetrics.served(scrape())).isEqualTo(DocumentedMetrics.documented("The operator"));
    }

    private static WolfTunnelStatus status() {
        var condition = new ConditionBuilder()
                .withType("Ready")
                .withStatus("False")
                .withReason("Connecting")
                .build();
        var tunnel = new TunnelStatus("gpu-1", "p", null, "Connecting", null, null, null, null, null, null);
        return new WolfTunnelStatus(1L, 1, 1, 0, "", null, null, List.of(condition), List.of(tunnel), 0);
    }

    private String scrape() throws Exception {
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (var monitoring = MonitoringServer.start(anyPort, Optional::empty, registry, Map.of());
                var http = HttpClient.newHttpClient()) {
            var uri = URI.create("http://127.0.0.1:" + monitoring.address().getPort() + "/metrics");
            return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                    .body();
        }
    }
}

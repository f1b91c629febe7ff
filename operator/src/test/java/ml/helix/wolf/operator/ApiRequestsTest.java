package ml.helix.wolf.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.http.StandardHttpRequest;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ApiRequestsTest {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ApiRequests requests = new ApiRequests(registry);

    @Test
    void requestsAreCountedByVerbAndResourceAndNeverByName() {
        asked("GET", "/api/v1/namespaces/a/pods?labelSelector=x%3Dy&limit=500");
        asked("GET", "/api/v1/pods?limit=500&continue=1");
        asked("GET", "/api/v1/namespaces/a/pods?allowWatchBookmarks=true&watch=true");
        asked("GET", "/apis/wolf.helix.ml/v1alpha1/namespaces/a/wolftunnels/gpu-nodes");
        asked("PATCH", "/apis/wolf.helix.ml/v1alpha1/namespaces/a/wolftunnels/gpu-nodes/status?force=true");
        asked("PATCH", "/apis/wolf.helix.ml/v1alpha1/namespaces/b/wolftunnels/others/status?force=true");
        asked("POST", "/apis/coordination.k8s.io/v1/namespaces/a/leases");
        asked("PUT", "/apis/coordination.k8s.io/v1/namespaces/a/leases/wolf-tunnel-operator");
        asked("GET", "/version");
        assertThat(counts())
                .isEqualTo(Map.of(
                        "list pods", 2.0,
                        "watch pods", 1.0,
                        "get wolftunnels", 1.0,
                        "patch wolftunnels/status", 2.0,
                        "create leases", 1.0,
                        "update leases", 1.0,
                        "list other", 1.0));
    }

    private void asked(String method, String path) {
        var request = new StandardHttpRequest.Builder()
                .uri("https://cluster" + path)
                .method(method, "", "")
                .build();
        requests.before(new StandardHttpRequest.Builder(), request, null);
    }

    private Map<String, Double> counts() {
        return registry.scrape().stream()
                .flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .collect(Collectors.toMap(
                        point -> point.getLabels().get("verb") + " "
                                + point.getLabels().get("resource"),
                        CounterSnapshot.CounterDataPointSnapshot::getValue));
    }
}

package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MonitoringServerIT {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final AtomicReference<Optional<String>> notReady = new AtomicReference<>(Optional.of("Connecting"));
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final HttpClient client = HttpClient.newHttpClient();
    private MonitoringServer server;

    @BeforeEach
    void start() throws Exception {
        server = MonitoringServer.start(
                ANY_PORT, notReady::get, registry, Map.of("/status", () -> MonitoringServer.Page.json("{}")));
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void livezIsAlways200AndReadyzGivesTheReasonOf503() throws Exception {
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        assertThat(get("/readyz").statusCode()).isEqualTo(503);
        assertThat(get("/readyz").body()).isEqualTo("Connecting\n");
        notReady.set(Optional.empty());
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void metricsArePrometheusText() throws Exception {
        Gauge.builder().name("wolf_up").help("Up.").register(registry).set(1);
        var response = get("/metrics");
        assertThat(response.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(response.body()).contains("# TYPE wolf_up gauge\nwolf_up 1.0\n");
    }

    @Test
    void furtherPagesAnswerAndUnknownOnesAre404() throws Exception {
        assertThat(get("/status").body()).isEqualTo("{}");
        assertThat(get("/status/more").statusCode()).isEqualTo(404);
        assertThat(get("/elsewhere").statusCode()).isEqualTo(404);
        assertThat(send("POST", "/status").statusCode()).isEqualTo(405);
    }

    @Test
    void aTakenAddressIsNamed() {
        assertThatIOException()
                .isThrownBy(() -> MonitoringServer.start(server.address(), Optional::empty, registry, Map.of()))
                .withMessageContaining("cannot listen on")
                .withMessageContaining(String.valueOf(server.address().getPort()));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send("GET", path);
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        var uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return client.send(
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}

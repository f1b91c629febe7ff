package ml.helix.wolf.controlplane.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.auth.AdminRules;
import ml.helix.wolf.controlplane.auth.Refusals;
import ml.helix.wolf.controlplane.auth.TokenSource;
import ml.helix.wolf.controlplane.http.AccessRule;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.http.Router;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.controlplane.http.WebServer;
import org.eclipse.jetty.http.HttpMethod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contract, section 4, and docs/control-plane.md: what an audit line says, and what it never says. */
class AuditLogIT {
    private static final String TOKEN = "admin-token-of-the-tests";
    private static final String UNNAMED = "admin-token-of-the-tests-unnamed";
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final AuditLog audit = new AuditLog(written, () -> Instant.parse("2030-01-02T03:04:05Z"), metrics);
    private final HttpClient client = HttpClient.newHttpClient();
    private WebServer server;

    @BeforeEach
    void start() throws IOException {
        server = server(metrics);
        server.report(new RequestMetrics(metrics), audit);
        server.start();
    }

    private static WebServer server(PrometheusRegistry registry) throws IOException {
        var access = new AdminAccess(
                TokenSource.Fixed.of(UNNAMED + "\nops " + TOKEN + "\nreader " + TOKEN + "-2 read"), System::nanoTime);
        var admin = new AdminRules(access, new Refusals(registry));
        return new WebServer(
                new InetSocketAddress("127.0.0.1", 0),
                Optional.empty(),
                fields -> access.find(fields).isPresent(),
                new Router(List.of(
                        Route.on(
                                HttpMethod.GET,
                                "/livez",
                                AccessRule.OPEN,
                                TextResponse.each((request, path) -> TextResponse.line(200, "ok"))),
                        Route.any("/wolf/{id}/proxy/**", admin.idIn("id"), (request, path, response, callback) -> {
                            RequestFacts.of(request).chosen("wolf-2", "fedcba98fedcba98fedcba98fedcba98");
                            TextResponse.each((same, match) -> TextResponse.line(201, "hello"))
                                    .handle(request, path, response, callback);
                        }),
                        Route.on(HttpMethod.GET, "/none", admin.anyToken(), (request, path, response, callback) -> {
                            throw new ApiException(new ApiError(503, "NoInstance", "there is none"));
                        }))));
    }

    @AfterEach
    void stop() {
        server.close();
        audit.close();
        client.close();
    }

    @Test
    void aLineSaysWhoDidWhatWithWhichResult() throws Exception {
        send(
                "POST",
                "/wolf/wolf-%E2%80%AE1/proxy/api/v1/pair;pin=1234/x?secret=hush-hush",
                "Bearer " + TOKEN,
                "body-that-nobody-sees",
                "traceparent",
                TRACE + "-more");

        JsonNode line = lines(1).getFirst();
        assertThat(line.path("millis").isIntegralNumber()).isTrue();
        assertThat(line.path("remote").asText()).startsWith("127.0.0.1:");
        assertThat(withoutVarying(line))
                .isEqualTo("{\"time\":\"2030-01-02T03:04:05Z\",\"as\":\"admin\",\"who\":\"ops\",\"method\":\"POST\","
                        + "\"route\":\"/wolf/{id}/proxy/**\",\"id\":\"wolf-\\\\u202e1\",\"path\":\"/api/v1/pair\","
                        + "\"instance\":\"wolf-2\",\"dial\":\"fedcba98fedcba98fedcba98fedcba98\",\"status\":201,\"bytesIn\":0,\"bytesOut\":6,\"traceparent\":\""
                        + TRACE
                        + "\"}");
        assertThat(written.toString(StandardCharsets.UTF_8))
                .doesNotContain(TOKEN)
                .doesNotContain("hush-hush")
                .doesNotContain("1234")
                .doesNotContain("nobody-sees");
    }

    @Test
    void errorsAndRefusalsHaveTheirCode() throws Exception {
        send("GET", "/none", "Bearer " + UNNAMED, "");
        send("GET", "/wolf/a/proxy/", "Bearer " + TOKEN + "-2", "", "traceparent", "not one");
        send("GET", "/none", "Bearer wrong-token-of-the-tests", "");
        List<JsonNode> lines = lines(3);
        assertThat(lines)
                .extracting(line -> line.path("error").asText())
                .containsExactly("NoInstance", "ReadOnly", "Unauthorized");
        assertThat(lines).extracting(line -> line.path("as").asText()).containsExactly("admin", "admin", "none");
        assertThat(lines).extracting(line -> line.path("who").asText()).containsExactly("", "reader", "");
        assertThat(lines.get(1).has("traceparent")).isFalse();
        assertThat(written.toString(StandardCharsets.UTF_8)).doesNotContain("wrong-token");
    }

    @Test
    void healthHasNoLineAndRefusedCallersCantFillTheLog() throws Exception {
        send("GET", "/livez", "", "");
        for (int i = 0; i < 50; i++) {
            send("GET", "/none", "", "");
        }
        send("GET", "/none", "Bearer " + TOKEN, "");
        lines(11);
        assertThat(scrape())
                .contains("wolf_control_plane_audit_lines_dropped_total 40.0")
                .contains("wolf_control_plane_http_requests_total{code=\"401\",method=\"GET\",route=\"/none\"} 50.0")
                .contains("wolf_control_plane_http_requests_total{code=\"200\",method=\"GET\",route=\"/livez\"} 1.0")
                .contains("wolf_control_plane_http_bytes_total{direction=\"in\"} 0.0");
    }

    @Test
    void anUnknownMethodOrPathMakesNoNewLabel() throws Exception {
        send("BREW", "/wolf/a/proxy/x", "Bearer " + TOKEN, "");
        send("GET", "/elsewhere/1", "Bearer " + TOKEN, "");
        assertThat(scrape())
                .contains("{code=\"201\",method=\"other\",route=\"/wolf/{id}/proxy/**\"} 1.0")
                .contains("{code=\"404\",method=\"GET\",route=\"none\"} 1.0");
    }

    @Test
    void aReaderThatStallsStopsNoRequestAndGetsTheLinesLater() throws Exception {
        var readsAgain = new CountDownLatch(1);
        var late = new ByteArrayOutputStream();
        var stalled = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    readsAgain.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                late.write(bytes, offset, length);
            }
        };
        server.close();
        var second = new AuditLog(stalled, Instant::now, new PrometheusRegistry());
        server = server(new PrometheusRegistry());
        server.report(second);
        server.start();
        for (int i = 0; i < 20; i++) {
            assertThat(send("GET", "/none", "Bearer " + TOKEN, "")).isEqualTo(503);
        }
        server.close();
        readsAgain.countDown();
        second.close();
        assertThat(late.toString(StandardCharsets.UTF_8).lines()).hasSize(20);
    }

    private int send(String method, String path, String authorization, String body, String... headers)
            throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    }

    /** Waits for so many lines. */
    private List<JsonNode> lines(int count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            List<String> lines =
                    written.toString(StandardCharsets.UTF_8).lines().toList();
            if (lines.size() >= count || System.nanoTime() > deadline) {
                assertThat(lines).hasSize(count);
                List<JsonNode> parsed = new ArrayList<>();
                for (String line : lines) {
                    parsed.add(JSON.readTree(line));
                }
                return parsed;
            }
            Thread.onSpinWait();
        }
    }

    private static String withoutVarying(JsonNode line) {
        var copy = (ObjectNode) line.deepCopy();
        copy.remove(List.of("remote", "millis"));
        return copy.toString();
    }

    /** Stops the server first: a request may be counted after its response has arrived. */
    private String scrape() throws Exception {
        server.close();
        var text = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(text, metrics.scrape());
        return text.toString(StandardCharsets.UTF_8);
    }
}

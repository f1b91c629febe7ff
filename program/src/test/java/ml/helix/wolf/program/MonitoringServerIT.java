package ml.helix.wolf.program;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
                ANY_PORT, notReady::get, registry, Map.of("/status", request -> MonitoringServer.Page.json("{}")));
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

    /** 362 KB each, just below the JDK server's own bound. */
    @Test
    void unfinishedHeadsAreClosedAndLivezAnswersAgain() throws Exception {
        byte[] head = ("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(362 * 1024)).getBytes(US_ASCII);
        var attackers = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 300; i++) {
                attackers.add(connect());
            }
            for (var attacker : attackers) {
                assertThat(closedAfter(attacker, head)).isTrue();
            }
            assertThat(get("/livez").statusCode()).isEqualTo(200);
        } finally {
            for (var attacker : attackers) {
                attacker.close();
            }
        }
    }

    @Test
    void aHeadThatNeverEndsIsClosedHoweverShortItIs() throws Exception {
        try (var slow = connect();
                var silent = connect()) {
            assertThat(closedAfter(slow, "GET /livez HTTP/1.1\r\nX".getBytes(US_ASCII)))
                    .isTrue();
            assertThat(closedAfter(silent, new byte[0])).isTrue();
        }
    }

    @Test
    void aHeadWithTooManyFieldsIsClosedWithoutAnAnswer() throws Exception {
        try (var socket = connect()) {
            String head = "GET /livez HTTP/1.1\r\n"
                    + IntStream.rangeClosed(0, MonitoringServer.MAX_HEAD_FIELDS)
                            .mapToObj(i -> "a" + i + ":\r\n")
                            .collect(Collectors.joining())
                    + "\r\n";
            assertThat(closedAfter(socket, head.getBytes(US_ASCII))).isTrue();
        }
    }

    @Test
    void aHostHeaderThatIsSomebodyElsesDomainGets421() throws Exception {
        assertThat(statusLine("Host: evil.example")).startsWith("HTTP/1.1 421 ");
        assertThat(statusLine("Host: localhost\r\nHost: evil.example")).startsWith("HTTP/1.1 421 ");
        assertThat(statusLine("Host: 127.0.0.1:9797")).startsWith("HTTP/1.1 200 ");
        assertThat(statusLine("Accept: */*")).startsWith("HTTP/1.1 200 ");
    }

    /** Keeps each carrier of virtual threads busy, as streams do that copy without a pause. */
    @Test
    void aProbeIsAnsweredWhileEveryVirtualThreadIsBusy() throws Exception {
        var over = new AtomicBoolean();
        int busy = Math.max(64, 4 * Runtime.getRuntime().availableProcessors());
        for (int i = 0; i < busy; i++) {
            Thread.ofVirtual().start(() -> {
                while (!over.get()) {
                    Thread.onSpinWait();
                }
            });
        }
        try {
            assertThat(statusLine("Host: localhost")).startsWith("HTTP/1.1 200 ");
        } finally {
            over.set(true);
        }
    }

    private String statusLine(String field) throws IOException {
        try (var socket = connect()) {
            socket.getOutputStream()
                    .write(("GET /livez HTTP/1.1\r\n" + field + "\r\nConnection: close\r\n\r\n").getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    private Socket connect() throws IOException {
        var socket = new Socket();
        socket.connect(server.address());
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** Returns false if the server answers. If the connection stays open, throws after a minute. */
    private static boolean closedAfter(Socket socket, byte[] sent) throws IOException {
        try {
            socket.getOutputStream().write(sent);
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            return true;
        }
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

package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedAgent;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.controlplane.ControlPlane;
import ml.helix.wolf.controlplane.ControlPlaneSettings;
import ml.helix.wolf.program.Settings;
import org.junit.jupiter.api.AfterEach;

/**
 * Base of the tests of a control plane: it starts the control plane, scripted agents and callers, and closes them all after
 * each test.
 */
abstract class ControlPlaneSpec {
    static final String RUNNER_TOKEN = Secrets.MARK + "-runner-token";
    static final String ADMIN_TOKEN = Secrets.MARK + "-admin-token";
    static final String ID = "wolf-gpu-1";
    /** Request target of a control connection; the runner id follows. */
    static final String CONTROL = "/api/v1/revdial?runnerid=";

    static final ObjectMapper JSON = new ObjectMapper();

    private final List<AutoCloseable> opened = new CopyOnWriteArrayList<>();
    private ControlPlane controlPlane;
    private int port;

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
        opened.clear();
    }

    /**
     * Starts a control plane with these flags beside {@code -listen}. Unless they say otherwise nothing is dialled ahead of need:
     * each conn-ready is a caller's.
     */
    void start(String... flags) throws Exception {
        startWith(Map.of("RUNNER_TOKEN", RUNNER_TOKEN, "ADMIN_TOKEN", ADMIN_TOKEN), flags);
    }

    /** As {@link #start}, with the test's own tokens in the environment. */
    void startWith(Map<String, String> environment, String... flags) throws Exception {
        List<String> all = new ArrayList<>(overTls() ? Tls.flags() : List.of());
        all.addAll(List.of(flags));
        startOnly(environment, all.toArray(String[]::new));
    }

    /** As {@link #startWith}, without the flags for TLS. */
    void startOnly(Map<String, String> environment, String... flags) throws Exception {
        List<String> all = new ArrayList<>(
                List.of("-listen", "127.0.0.1:0", "-store", "jdbc:h2:mem:" + UUID.randomUUID(), "-pool", "0"));
        all.addAll(List.of(flags));
        controlPlane = launch(environment, all);
        opened.add(controlPlane);
        use(controlPlane.port());
    }

    /** Starts a control plane with exactly these flags, which the test closes. */
    static ControlPlane launch(Map<String, String> environment, List<String> flags) throws Exception {
        Settings settings = Settings.read(ControlPlaneSettings.PROGRAM, flags.toArray(String[]::new), environment);
        return ControlPlane.start(ControlPlaneSettings.read(settings, environment));
    }

    /** From now on agents and callers connect to that port. */
    void use(int portOfAControlPlane) {
        port = portOfAControlPlane;
    }

    /** Whether the control plane, its agents and its callers use TLS. */
    boolean overTls() {
        return false;
    }

    ScriptedAgent agent() {
        var agent =
                ScriptedAgent.withToken(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), RUNNER_TOKEN);
        return overTls() ? agent.over(Tls.client()) : agent;
    }

    private HttpClient client() {
        HttpClient.Builder client = HttpClient.newBuilder();
        return (overTls() ? client.sslContext(Tls.client()) : client).build();
    }

    private URI uri(String path) {
        return URI.create((overTls() ? "https" : "http") + "://127.0.0.1:" + port + path);
    }

    /** Opens a connection that is closed after the test. */
    Connection open(ScriptedAgent agent, String target) throws IOException {
        Connection connection = agent.open(target);
        opened.add(connection);
        return connection;
    }

    /** Opens a control connection and waits for its first line: from then on callers reach the id. */
    Connection connect(String id) throws IOException {
        return connect(agent(), id);
    }

    /** The same by this agent. */
    Connection connect(ScriptedAgent agent, String id) throws IOException {
        Connection control = open(agent, CONTROL + id);
        if (control.head().status() != 101) {
            throw new AssertionError("the control plane refuses the control connection: "
                    + control.head().start());
        }
        String first = control.line();
        if (!JSON.readTree(first).path("command").asText().equals("keep-alive")) {
            throw new AssertionError("expected keep-alive as the first line, got: " + first);
        }
        return control;
    }

    /** Picks up at that connPath, under {@code /api/v1}. */
    Connection pickUp(String connPath) throws IOException {
        return open(agent(), "/api/v1" + connPath);
    }

    /** Waits for the next conn-ready and returns its connPath; skips keep-alives. */
    static String awaitConnReady(Connection control) throws IOException {
        while (true) {
            JsonNode line = JSON.readTree(control.line());
            if (line.path("command").asText().equals("conn-ready")) {
                return line.path("connPath").asText();
            }
        }
    }

    static Connection pickupFailed(Connection control, String connPath, String why) throws IOException {
        return control.line(JSON.createObjectNode()
                .put("command", "pickup-failed")
                .put("connPath", connPath)
                .put("err", why)
                .toString());
    }

    /** Sends a request to the Wolf of that id, in the background. */
    CompletableFuture<HttpResponse<String>> call(String id, String path) {
        return request("/api/v1/wolf-instances/" + id + "/proxy/" + path, ADMIN_TOKEN);
    }

    /** Sends a GET with that admin token, in the background. */
    CompletableFuture<HttpResponse<String>> request(String path, String adminToken) {
        return requestWith(path, "Authorization", "Bearer " + adminToken);
    }

    /** Sends a GET with these header fields, names and values in turn, in the background. */
    CompletableFuture<HttpResponse<String>> requestWith(String path, String... headers) {
        HttpClient http = client();
        opened.add(http::shutdownNow);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.sendAsync(
                request.timeout(Duration.ofMinutes(2)).build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /**
     * Sends a request with a JSON body and waits for the answer.
     *
     * @param body with ' for "
     */
    HttpResponse<String> send(String token, String method, String path, String body) throws Exception {
        HttpClient http = client();
        opened.add(http::shutdownNow);
        return http.send(
                HttpRequest.newBuilder(uri(path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                        .timeout(Duration.ofMinutes(1))
                        .build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** Connects to the first forward. */
    Socket connectToForward() throws IOException {
        Socket caller = new Socket(
                InetAddress.ofLiteral("127.0.0.1"), controlPlane.forwardPorts().getFirst());
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        opened.add(caller);
        return caller;
    }

    /** Connects to the HTTP port; the connection is closed after the test. */
    Socket connectCaller() throws IOException {
        return prepared(new Socket(InetAddress.ofLiteral("127.0.0.1"), port));
    }

    private Socket prepared(Socket caller) throws IOException {
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        opened.add(caller);
        if (!overTls()) {
            return caller;
        }
        Socket secured = ScriptedAgent.withTls(Tls.client(), caller);
        opened.add(secured);
        return secured;
    }

    /** Connects to the HTTP port without TLS, whatever the port serves. */
    Socket connectWithoutTls() throws IOException {
        Socket caller = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        opened.add(caller);
        return caller;
    }

    /** As {@link #connectCaller}, from this loopback address. */
    Socket connectCallerFrom(String address) throws IOException {
        return prepared(new Socket(InetAddress.ofLiteral("127.0.0.1"), port, InetAddress.ofLiteral(address), 0));
    }

    /** Sends a request to the Wolf of that id on its own connection: {@code GET /path HTTP/1.1}, then these header lines. */
    RawCaller rawCall(String id, String requestLine, String... headers) throws IOException {
        String line = requestLine.replaceFirst(" /", " /api/v1/wolf-instances/" + id + "/proxy/");
        return new RawCaller(connectCaller())
                .send(line + "\r\nHost: localhost\r\nX-Admin-Token: " + ADMIN_TOKEN + "\r\n"
                        + List.of(headers).stream().map(h -> h + "\r\n").collect(joining()) + "\r\n");
    }

    /** As {@link #rawCall}, to an instance that the control plane chooses. */
    RawCaller rawRoutedCall(String requestLine, String... headers) throws IOException {
        return new RawCaller(connectCaller())
                .send(requestLine.replaceFirst(" /", " /api/v1/wolf/") + "\r\nHost: localhost\r\nX-Admin-Token: "
                        + ADMIN_TOKEN + "\r\n"
                        + List.of(headers).stream().map(h -> h + "\r\n").collect(joining()) + "\r\n");
    }

    /** The value of a metric, labels included in its name; 0 if there is no such line. */
    double metric(String name) throws Exception {
        try (HttpClient http = client()) {
            String all = http.send(
                            HttpRequest.newBuilder(uri("/metrics"))
                                    .header("Authorization", "Bearer " + ADMIN_TOKEN)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString(UTF_8))
                    .body();
            return all.lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElse(0);
        }
    }

    /** Waits until that many dials have been withdrawn. */
    void awaitWithdrawn(int dials) throws Exception {
        awaitMetric("wolf_control_plane_dials_total{result=\"Withdrawn\"}", dials);
    }

    void awaitMetric(String name, double value) throws Exception {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (metric(name) != value) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("expected " + name + " " + value + ", got " + metric(name));
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** Waits for the status line of a response. */
    static String statusLine(Socket caller) throws IOException {
        return new BufferedReader(new InputStreamReader(caller.getInputStream(), UTF_8)).readLine();
    }

    /** Waits for a request and responds to it as Wolf would. */
    static void respond(Connection data, String body) throws IOException {
        data.read(1);
        sendResponse(data, body);
    }

    /** Sends a response as Wolf would, and ends the stream. */
    static void sendResponse(Connection data, String body) throws IOException {
        data.binary("HTTP/1.0 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        data.fin();
    }

    /** Checks that the response is that error, and returns its message. */
    static String assertError(CompletableFuture<HttpResponse<String>> call, int status, String code) throws Exception {
        HttpResponse<String> response = call.get(60, TimeUnit.SECONDS);
        JsonNode error = JSON.readTree(response.body()).path("error");
        if (response.statusCode() != status || !error.path("code").asText().equals(code)) {
            throw new AssertionError(
                    "expected " + status + " " + code + ", got " + response.statusCode() + " " + response.body());
        }
        return error.path("message").asText();
    }

    /** Checks that the control plane dials over this control connection: a request gets its response. */
    void assertServes(Connection control, String id) throws Exception {
        CompletableFuture<HttpResponse<String>> call = call(id, "api/v1/apps");
        respond(pickUp(awaitConnReady(control)), "served");
        String body = call.get(30, TimeUnit.SECONDS).body();
        if (!body.equals("served")) {
            throw new AssertionError("expected the response that the agent sent, got: " + body);
        }
    }

    /** Work that reads or writes a connection. */
    interface IoTask {
        void run() throws IOException;
    }

    /** Runs a task on a virtual thread. */
    static CompletableFuture<Void> inBackground(IoTask task) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    /** Random bytes, the same for the same length. */
    static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }

    /** The same bytes many times over. */
    static byte[] repeat(byte[] bytes, int times) {
        byte[] all = new byte[times * bytes.length];
        for (int i = 0; i < times; i++) {
            System.arraycopy(bytes, 0, all, i * bytes.length, bytes.length);
        }
        return all;
    }
}

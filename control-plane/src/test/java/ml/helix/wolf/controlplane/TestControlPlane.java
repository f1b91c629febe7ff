package ml.helix.wolf.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.controlplane.ControlPlaneSettings.AuditOutput;
import ml.helix.wolf.controlplane.auth.TokenSource;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.routing.Strategy;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Settings;

/** A control plane on its own port, and a client of it. */
final class TestControlPlane implements AutoCloseable {
    static final String RUNNER_TOKEN = "runner-token-of-the-tests";
    static final String ADMIN_TOKEN = "admin-token-of-the-tests";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final ControlPlane controlPlane;
    private final HttpClient client = HttpClient.newHttpClient();

    private TestControlPlane(ControlPlane controlPlane) {
        this.controlPlane = controlPlane;
    }

    static TestControlPlane start() throws IOException {
        return start(Duration.ofSeconds(30), Duration.ofSeconds(30));
    }

    /** @param forwardTo runner ids; each gets a forward */
    static TestControlPlane start(Duration gracePeriod, Duration dialTimeout, String... forwardTo) throws IOException {
        List<Forward> forwards =
                List.of(forwardTo).stream().map(id -> new Forward(ANY_PORT, id)).toList();
        return new TestControlPlane(ControlPlane.start(settings(ANY_PORT, forwards, gracePeriod, dialTimeout)));
    }

    /** With a forward to this runner, and with data connections that are kept for another stream. */
    static TestControlPlane withPool(String runnerId) throws IOException {
        Duration time = Duration.ofSeconds(30);
        return new TestControlPlane(ControlPlane.start(settings(
                ANY_PORT,
                List.of(new Forward(ANY_PORT, runnerId)),
                time,
                time,
                TokenSource.Fixed.of(ADMIN_TOKEN),
                /* pool= */ 4)));
    }

    /** @param adminTokens a file */
    static TestControlPlane start(Path adminTokens) throws IOException {
        return new TestControlPlane(ControlPlane.start(settings(
                ANY_PORT,
                List.of(),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                new TokenSource.InFile(adminTokens),
                /* pool= */ 0)));
    }

    /** With this store, and these flags or nothing else. */
    static TestControlPlane start(StoreSettings store, String... flags) throws Exception {
        return withTokens(RUNNER_TOKEN, ADMIN_TOKEN, store, flags);
    }

    /** One of several, which share a database. */
    static TestControlPlane replica(StoreSettings store, String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("-peer-listen", "127.0.0.1:0", "-pool", "0"));
        all.addAll(List.of(flags));
        return start(store, all.toArray(String[]::new));
    }

    /** @param runnerTokens lines as in a token file, and so {@code adminTokens} */
    static TestControlPlane withTokens(String runnerTokens, String adminTokens, StoreSettings store, String... flags)
            throws Exception {
        List<String> all =
                new ArrayList<>(List.of("-listen", "127.0.0.1:0", "-store", store.url(), "-store-user", store.user()));
        all.addAll(List.of(flags));
        Map<String, String> environment = Map.of(
                "RUNNER_TOKEN",
                runnerTokens,
                "ADMIN_TOKEN",
                adminTokens,
                "CONTROL_PLANE_STORE_PASSWORD",
                store.password().read());
        Settings settings = Settings.read(ControlPlaneSettings.PROGRAM, all.toArray(String[]::new), environment);
        return new TestControlPlane(ControlPlane.start(ControlPlaneSettings.read(settings, environment)));
    }

    static ControlPlaneSettings settings(
            InetSocketAddress listen, List<Forward> forwards, Duration gracePeriod, Duration dialTimeout) {
        return settings(listen, forwards, gracePeriod, dialTimeout, TokenSource.Fixed.of(ADMIN_TOKEN), /* pool= */ 0);
    }

    private static ControlPlaneSettings settings(
            InetSocketAddress listen,
            List<Forward> forwards,
            Duration gracePeriod,
            Duration dialTimeout,
            TokenSource adminTokens,
            int pool) {
        return new ControlPlaneSettings(
                listen,
                Optional.empty(),
                Optional.empty(),
                TokenSource.Fixed.of(RUNNER_TOKEN),
                Optional.empty(),
                adminTokens,
                forwards,
                AuditOutput.STDOUT,
                Optional.empty(),
                gracePeriod,
                dialTimeout,
                Duration.ofSeconds(30),
                StoreSettings.inMemory(UUID.randomUUID().toString()),
                Optional.empty(),
                Strategy.LEAST_LOADED,
                pool,
                LogSettings.DEFAULT);
    }

    int port() {
        return controlPlane.port();
    }

    /** Where health checks are served too. */
    int healthPort() {
        return controlPlane.healthPort().orElseThrow();
    }

    List<Route> routes() {
        return controlPlane.routes();
    }

    /** Where other replicas reach it. */
    String peerAddress() {
        return controlPlane.peerAddress();
    }

    /** Does what replicas do each second. */
    void tick() {
        controlPlane.tickReplicas();
    }

    int forwardPort() {
        return controlPlane.forwardPorts().getFirst();
    }

    /** Opens a TCP connection to the HTTP port. */
    Socket connect() throws IOException {
        return new Socket("127.0.0.1", port());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .timeout(Duration.ofSeconds(30));
    }

    /** A request with the admin token. */
    HttpRequest.Builder admin(String path) {
        return request(path).header("Authorization", "Bearer " + ADMIN_TOKEN);
    }

    /** A request to the Wolf of that id, with the admin token. */
    HttpRequest.Builder toWolf(String runnerId, String path) {
        return admin(proxied(runnerId, path));
    }

    static String proxied(String runnerId, String path) {
        return "/api/v1/wolf-instances/" + runnerId + "/proxy" + path;
    }

    HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, BodyHandlers.ofString());
    }

    <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body)
            throws IOException, InterruptedException {
        return client.send(request, body);
    }

    JsonNode json(HttpRequest request) throws IOException, InterruptedException {
        return JSON.readTree(send(request).body());
    }

    /** A request with a JSON body and the admin token. */
    HttpRequest json(String method, String path, String body) {
        return admin(path)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                .build();
    }

    /** Status and code of an error, for example {@code 503 NoConnection}. */
    String error(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = send(request);
        return response.statusCode() + " "
                + JSON.readTree(response.body()).path("error").path("code").asText();
    }

    int activeConnections() throws IOException, InterruptedException {
        return json(admin("/api/v1/revdial/stats").build())
                .path("activeConnections")
                .asInt();
    }

    /** The value of a metric, labels included in its name. */
    double metric(String name) throws IOException, InterruptedException {
        return send(admin("/metrics").build())
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no metric " + name));
    }

    /** Waits until a condition holds, at most a minute: a program may have to start first. */
    static void eventually(String what, Callable<Boolean> condition) throws Exception {
        Instant deadline = Instant.now().plusSeconds(60);
        while (!condition.call()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("not within 60 s: " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        controlPlane.close();
        client.close();
    }
}

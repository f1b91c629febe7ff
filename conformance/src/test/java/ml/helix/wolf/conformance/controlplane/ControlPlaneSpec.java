package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedAgent;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.controlplane.ControlPlane;
import ml.helix.wolf.controlplane.ControlPlaneSettings;
import ml.helix.wolf.program.Settings;
import org.junit.jupiter.api.AfterEach;

/** What each section stands on: a control plane, scripted agents, and callers. All end with the test. */
abstract class ControlPlaneSpec {
    static final String RUNNER_TOKEN = Secrets.MARK + "-runner-token";
    static final String ADMIN_TOKEN = Secrets.MARK + "-admin-token";
    static final String ID = "wolf-gpu-1";
    static final ObjectMapper JSON = new ObjectMapper();

    private final List<AutoCloseable> running = new ArrayList<>();
    private ControlPlane controlPlane;

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : running.reversed()) {
            one.close();
        }
        running.clear();
    }

    /** A control plane with these flags after the usual ones. */
    void start(String... flags) throws Exception {
        startWith(Map.of("RUNNER_TOKEN", RUNNER_TOKEN, "ADMIN_TOKEN", ADMIN_TOKEN), flags);
    }

    /** The same, with tokens of the test's own. */
    void startWith(Map<String, String> environment, String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("-listen", "127.0.0.1:0"));
        all.addAll(List.of(flags));
        Settings settings = Settings.read(ControlPlaneSettings.PROGRAM, all.toArray(String[]::new), environment);
        controlPlane = ControlPlane.start(ControlPlaneSettings.read(settings, environment));
        running.add(controlPlane);
    }

    ScriptedAgent agent() {
        return ScriptedAgent.withToken(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), controlPlane.port()), RUNNER_TOKEN);
    }

    /** A connection that ends with the test. */
    Connection open(ScriptedAgent client, String target) throws IOException {
        Connection connection = client.open(target);
        running.add(connection);
        return connection;
    }

    /** The control connection of an agent of that id: accepted, and known to callers, as its first line shows. */
    Connection connected(String id) throws IOException {
        Connection control = open(agent(), "/api/v1/revdial?runnerid=" + id);
        if (control.head().status() != 101) {
            throw new AssertionError("not accepted: " + control.head().start());
        }
        String first = control.line();
        if (!JSON.readTree(first).path("command").asText().equals("keep-alive")) {
            throw new AssertionError("the first line is no keep-alive: " + first);
        }
        return control;
    }

    /** A pickup at that connPath, below the API's prefix. */
    Connection pickUp(String connPath) throws IOException {
        return open(agent(), "/api/v1" + connPath);
    }

    /** The connPath of the next conn-ready; keep-alives before it are dropped. */
    static String connPath(Connection control) throws IOException {
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

    /** A caller's request through the tunnel of that id. */
    CompletableFuture<HttpResponse<String>> call(String id, String path) {
        return request("/api/v1/wolf-instances/" + id + "/proxy/" + path, ADMIN_TOKEN);
    }

    /** A request with that admin token. */
    CompletableFuture<HttpResponse<String>> request(String path, String adminToken) {
        HttpClient http = HttpClient.newHttpClient();
        running.add(http::shutdownNow);
        return http.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPlane.port() + path))
                        .header("Authorization", "Bearer " + adminToken)
                        .timeout(Duration.ofMinutes(2))
                        .build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** A caller's TCP connection to the first forward, from now on unread. */
    Socket forwarded() throws IOException {
        Socket caller = new Socket(
                InetAddress.ofLiteral("127.0.0.1"), controlPlane.forwardPorts().getFirst());
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        running.add(caller);
        return caller;
    }

    /** A TCP connection to the HTTP port, which ends with the test. */
    Socket caller() throws IOException {
        Socket caller = new Socket(InetAddress.ofLiteral("127.0.0.1"), controlPlane.port());
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        running.add(caller);
        return caller;
    }

    /** The same, from this address of the machine itself. */
    Socket callerFrom(String address) throws IOException {
        Socket caller =
                new Socket(InetAddress.ofLiteral("127.0.0.1"), controlPlane.port(), InetAddress.ofLiteral(address), 0);
        caller.setSoTimeout((int) Connection.PATIENCE.toMillis());
        running.add(caller);
        return caller;
    }

    /** A caller's request to Wolf on a connection of its own: {@code GET /path HTTP/1.1}, then more header lines. */
    RawCaller rawCall(String id, String requestLine, String... headers) throws IOException {
        String line = requestLine.replaceFirst(" /", " /api/v1/wolf-instances/" + id + "/proxy/");
        return new RawCaller(caller())
                .send(line + "\r\nHost: localhost\r\nX-Admin-Token: " + ADMIN_TOKEN + "\r\n"
                        + String.join(
                                "",
                                List.of(headers).stream().map(h -> h + "\r\n").toList()) + "\r\n");
    }

    /** The value of a metric of the control plane, labels and all; 0 where there is none. */
    double metric(String name) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            String all = http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPlane.port() + "/metrics"))
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

    /** Waits until that many dials were withdrawn. */
    void awaitWithdrawn(int dials) throws Exception {
        awaitMetric("wolf_control_plane_dials_total{result=\"Withdrawn\"}", dials);
    }

    void awaitMetric(String name, double value) throws Exception {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (metric(name) != value) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(name + " is " + metric(name) + " and not " + value);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** The first line of what the server answers there. */
    static String statusLine(Socket caller) throws IOException {
        return new BufferedReader(new InputStreamReader(caller.getInputStream(), UTF_8)).readLine();
    }

    /** Answers a caller's request as Wolf would, and ends the stream. */
    static void answer(Connection data, String body) throws IOException {
        data.read(1);
        data.binary("HTTP/1.0 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        data.fin();
    }

    /** Fails unless the answer is that error; gives its message. */
    static String error(CompletableFuture<HttpResponse<String>> call, int status, String code) throws Exception {
        HttpResponse<String> response = call.get(60, TimeUnit.SECONDS);
        JsonNode error = JSON.readTree(response.body()).path("error");
        if (response.statusCode() != status || !error.path("code").asText().equals(code)) {
            throw new AssertionError(
                    "expected " + status + " " + code + ", got " + response.statusCode() + " " + response.body());
        }
        return error.path("message").asText();
    }

    /** Proves that this control connection serves: a call over it, answered. */
    void serves(Connection control, String id) throws Exception {
        CompletableFuture<HttpResponse<String>> call = call(id, "api/v1/apps");
        answer(pickUp(connPath(control)), "served");
        String body = call.get(30, TimeUnit.SECONDS).body();
        if (!body.equals("served")) {
            throw new AssertionError("got " + body);
        }
    }
}

package ml.helix.wolf.images;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.TestCertificates;

/** A training run of the kubectl plugin: {@code status}, with an API server that knows one WolfTunnel and speaks TLS. */
final class PluginTraining {
    private static final String WOLF_TUNNELS = """
            {"apiVersion": "wolf.helix.ml/v1alpha1", "kind": "WolfTunnelList", "items": [{
              "metadata": {"namespace": "wolf", "name": "gpu-nodes", "generation": 1},
              "spec": {"controlPlane": {"url": "https://helix.example.com"}, "wolfId": {"runnerPrefix": "wolf-"}},
              "status": {"observedGeneration": 1, "desired": 2, "updated": 2, "connected": 1, "summary": "1/2 connected",
                "conditions": [{"type": "Ready", "status": "False", "reason": "ConnectFailure", "message": "no answer"}],
                "tunnels": [
                  {"node": "gpu-2", "wolfId": "gpu-2", "state": "Disconnected", "reason": "ConnectFailure",
                   "message": "no answer from helix.example.com:443", "since": "2026-01-01T00:00:00Z"},
                  {"node": "gpu-1", "wolfId": "gpu-1", "state": "Connected", "since": "2026-01-01T00:00:00Z"}]}}]}
            """;

    private final Path folder;

    /** @param folder for the program's log and its kubeconfig */
    PluginTraining(Path folder) {
        this.folder = folder;
    }

    void run(TrainedProgram plugin) throws IOException, InterruptedException {
        var certificates = TestCertificates.in(Files.createDirectories(folder.resolve("kubectl-wolf-tls")));
        var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(certificates.server("localhost", "127.0.0.1")));
        server.createContext("/", exchange -> {
            byte[] body = WOLF_TUNNELS.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
        Path log = folder.resolve("kubectl-wolf.log");
        try (var run = TrainingRun.start(
                plugin,
                List.of(
                        "status",
                        "--kubeconfig",
                        kubeconfig(certificates, server.getAddress().getPort())),
                Map.of("KUBECTL_WOLF_COLUMNS", "100", "TERM", "xterm"),
                log)) {
            if (!run.process().waitFor(120, TimeUnit.SECONDS)
                    || !Files.readString(log).contains("gpu-1")) {
                throw run.failure("didn't show the status");
            }
            run.finish();
        } finally {
            server.stop(0);
        }
    }

    private String kubeconfig(TestCertificates certificates, int port) throws IOException {
        String ca = Base64.getEncoder().encodeToString(Files.readAllBytes(certificates.caFile()));
        return Files.writeString(folder.resolve("kubectl-wolf-kubeconfig"), """
                        apiVersion: v1
                        kind: Config
                        current-context: training
                        contexts: [{name: training, context: {cluster: training, user: training, namespace: wolf}}]
                        clusters: [{name: training, cluster: {server: "https://127.0.0.1:%d", certificate-authority-data: %s}}]
                        users: [{name: training, user: {token: training}}]
                        """.formatted(port, ca))
                .toString();
    }
}

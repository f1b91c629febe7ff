package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** The control plane in the cluster: as agents reach it, and as a caller from outside does. */
final class ControlPlane {
    static final String NAMESPACE = "wolf-control-plane";
    static final String NAME = "wolf-control-plane";
    private static final int PORT = 8080;

    private final KubernetesClient client;

    ControlPlane(KubernetesClient client) {
        this.client = client;
    }

    /** For agents: by address, so that the cluster needs no DNS service. */
    String url() {
        return "http://" + address() + ":" + PORT;
    }

    /** The Service's cluster IP. */
    String address() {
        return client.services()
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .require()
                .getSpec()
                .getClusterIP();
    }

    /** A request from outside the cluster to the Wolf of this id, through its tunnel. */
    HttpResponse<String> throughTunnel(String wolfId, String path) {
        return get("/api/v1/wolf-instances/wolf-" + wolfId + "/proxy" + path);
    }

    /** A GET with the admin token. */
    HttpResponse<String> get(String path) {
        try (LocalPortForward forward =
                        client.services().inNamespace(NAMESPACE).withName(NAME).portForward(PORT);
                HttpClient http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + forward.getLocalPort() + path))
                    .header("X-Admin-Token", Stage.ADMIN_TOKEN)
                    .timeout(Duration.ofSeconds(40))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the control plane was asked", e);
        }
    }

    /** 0 takes it away, 1 brings it back. */
    void scale(int replicas) {
        client.apps().deployments().inNamespace(NAMESPACE).withName(NAME).scale(replicas);
    }
}

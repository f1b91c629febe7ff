package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

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
        try (LocalPortForward forward = forward();
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

    /**
     * Waits until agents with this token are let in, or no longer: until the kubelet has brought a changed Secret into the
     * pod. A request that is no upgrade is refused for that, but not before the token was looked at.
     */
    void awaitAdmitted(String runnerToken, boolean admitted, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try (KubeletNudge _ = new KubeletNudge(
                        client,
                        () -> client.pods().inNamespace(NAMESPACE).list().getItems());
                LocalPortForward forward = forward();
                HttpClient http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(
                            "http://127.0.0.1:" + forward.getLocalPort() + "/api/v1/revdial?runnerid=e2e-probe"))
                    .header("Authorization", "Bearer " + runnerToken)
                    .timeout(Duration.ofSeconds(10))
                    .build();
            while ((http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() != 401) != admitted) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("after %s the control plane %s the token"
                            .formatted(limit, admitted ? "still refuses" : "still takes"));
                }
                Thread.sleep(500);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the control plane was asked", e);
        }
    }

    /** Its pod: a Service's own port forward may choose one that is on its way out. */
    private LocalPortForward forward() {
        Pod pod = client
                .pods()
                .inNamespace(NAMESPACE)
                .withLabel("app.kubernetes.io/name", NAME)
                .informOnCondition(pods -> pods.stream().anyMatch(Stage::isReady))
                .orTimeout(60, TimeUnit.SECONDS)
                .join()
                .stream()
                .filter(Stage::isReady)
                .findFirst()
                .orElseThrow();
        return client.pods().resource(pod).portForward(PORT);
    }

    /** 0 takes it away, 1 brings it back. */
    void scale(int replicas) {
        client.apps().deployments().inNamespace(NAMESPACE).withName(NAME).scale(replicas);
    }
}

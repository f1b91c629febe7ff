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

/** The control plane in the cluster, with the address for agents and with requests of a caller outside. */
final class ControlPlane {
    static final String NAMESPACE = "wolf-control-plane";
    static final String NAME = "wolf-control-plane";

    /** The folder of manifests/ that it is installed from: one replica. {@link ReplicasE2E} installs two. */
    static final String MANIFESTS = "control-plane-h2";

    private static final int PORT = 8080;

    private final KubernetesClient client;
    private final String namespace;

    ControlPlane(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /** The URL for agents; it has an IP, so that the cluster needs no DNS service. */
    String url() {
        return "http://" + address() + ":" + PORT;
    }

    /** The cluster IP of the Service. */
    String address() {
        return client.services()
                .inNamespace(namespace)
                .withName(NAME)
                .require()
                .getSpec()
                .getClusterIP();
    }

    /** Sends a GET from outside the cluster to the Wolf with this id, through its tunnel. */
    HttpResponse<String> throughTunnel(String wolfId, String path) {
        return get("/api/v1/wolf-instances/wolf-" + wolfId + "/proxy" + path);
    }

    /** Sends a GET with the admin token. */
    HttpResponse<String> get(String path) {
        try (LocalPortForward forward = forward();
                HttpClient http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + forward.getLocalPort() + path))
                    .header("X-Admin-Token", TestCluster.ADMIN_TOKEN)
                    .timeout(Duration.ofSeconds(40))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted during a request to the control plane", e);
        }
    }

    /**
     * Waits until the control plane accepts this token, or until it refuses it: the kubelet has to bring the changed Secret
     * into the pod first. The request here is no WebSocket upgrade; the control plane checks the token before it refuses that.
     */
    void awaitTokenAccepted(String runnerToken, boolean accepted, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try (KubeletNudge _ = new KubeletNudge(
                        client,
                        () -> client.pods().inNamespace(namespace).list().getItems());
                LocalPortForward forward = forward();
                HttpClient http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(
                            "http://127.0.0.1:" + forward.getLocalPort() + "/api/v1/revdial?runnerid=e2e-probe"))
                    .header("Authorization", "Bearer " + runnerToken)
                    .timeout(Duration.ofSeconds(10))
                    .build();
            while ((http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() != 401) != accepted) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("after %s the control plane still %s the token"
                            .formatted(limit, accepted ? "refuses" : "accepts"));
                }
                Thread.sleep(500);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted during a request to the control plane", e);
        }
    }

    /** Forwards to a ready pod: a port forward to the Service may choose a pod that is terminating. */
    LocalPortForward forward() {
        Pod pod = client
                .pods()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/name", NAME)
                .informOnCondition(pods -> pods.stream().anyMatch(TestCluster::isReady))
                .orTimeout(60, TimeUnit.SECONDS)
                .join()
                .stream()
                .filter(TestCluster::isReady)
                .findFirst()
                .orElseThrow();
        return client.pods().resource(pod).portForward(PORT);
    }

    /** 0 stops the control plane, 1 starts it again. Waits until there are that many pods. */
    void scale(int replicas) {
        client.apps().deployments().inNamespace(namespace).withName(NAME).scale(replicas);
        client.pods()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/name", NAME)
                .informOnCondition(pods -> pods.size() == replicas)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }
}

package ml.helix.wolf.kubectl.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.ExecListener;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import ml.helix.wolf.kubectl.failure.Failure;

/** Runs programs in pods and reaches their ports, through the API server. Thread-safe. */
public final class Pods implements AutoCloseable {
    private final Cluster cluster;
    private final KubernetesClient client;

    public Pods(Cluster cluster) {
        this.cluster = cluster;
        this.client = new KubernetesClientBuilder().withConfig(cluster.config()).build();
    }

    /** What a program in a container printed, and its exit status. */
    public record Run(int exitStatus, String output, String errors) {}

    /**
     * Runs a program in a container, without a shell and without input.
     *
     * @throws Failure if it can't be started, or doesn't end in time
     */
    public Run run(String namespace, String pod, String container, Duration limit, String... command) throws Failure {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var refused = new CompletableFuture<Integer>();
        try (ExecWatch watch = client.pods()
                .inNamespace(namespace)
                .withName(pod)
                .inContainer(container)
                .writingOutput(out)
                .writingError(err)
                .usingListener(new Refusals(refused))
                .exec(command)) {
            int status = watch.exitCode()
                    .applyToEither(refused, exitCode -> exitCode)
                    .get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return new Run(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } catch (TimeoutException e) {
            throw new Failure(command[0] + " in pod " + pod + " did not end within " + limit.toSeconds() + " s", e);
        } catch (ExecutionException | KubernetesClientException e) {
            throw new Failure("can't run " + command[0] + " in pod " + pod + ": " + ApiFailure.innermost(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted", e);
        }
    }

    /** A refused request ends the future; without this, only the time limit would. */
    private record Refusals(CompletableFuture<Integer> refused) implements ExecListener {
        @Override
        public void onFailure(Throwable failure, Response response) {
            refused.completeExceptionally(failure);
        }

        @Override
        public void onClose(int code, String reason) {
            // the exit status says it
        }
    }

    /** A port of 127.0.0.1 that leads to this port of the Service, until {@link #close}. */
    public int forward(ServiceAddress address, int port) throws Failure {
        var target = new ServicePods(cluster).find(address, port);
        try {
            LocalPortForward forward = client.pods()
                    .inNamespace(target.namespace())
                    .withName(target.pod())
                    .portForward(target.port());
            return forward.getLocalPort();
        } catch (KubernetesClientException e) {
            throw new Failure(
                    "can't reach pod " + target.pod() + " through the API server: " + ApiFailure.innermost(e), e);
        }
    }

    /** The pods with this label. */
    public static JsonNode withLabel(Cluster cluster, String namespace, String label, String value) throws Failure {
        return cluster.read(
                "list pods in namespace " + namespace,
                ResourcePath.of(ResourcePath.CORE, namespace, "pods") + "?labelSelector=" + PathSegment.of(label)
                        + "%3D" + PathSegment.of(value));
    }

    @Override
    public void close() {
        client.close();
    }
}

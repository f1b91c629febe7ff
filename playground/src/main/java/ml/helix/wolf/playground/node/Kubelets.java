package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kubelets of the simulated nodes: runs the pods that are bound to them. When a pod is deleted, its containers end
 * within the grace period, and only then the pod leaves the API. Thread-safe.
 */
final class Kubelets implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Kubelets.class);
    private static final long DEFAULT_GRACE_SECONDS = 30;
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(3);

    private final KubernetesClient client;
    private final List<SimulatedNode> nodes;
    private final Map<String, Path> executables;
    private final Path folder;
    private final HttpClient http =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
    private final Map<String, PodRun> byUid = new ConcurrentHashMap<>();
    /** Guarded by this; once true, nothing is added to byUid. */
    private boolean closed;

    Kubelets(KubernetesClient client, List<SimulatedNode> nodes, Map<String, Path> executables, Path folder) {
        this.client = client;
        this.nodes = nodes;
        this.executables = executables;
        this.folder = folder;
    }

    /** Call when a pod appears or changes. Does not block. */
    synchronized void podChanged(Pod pod) {
        Optional<SimulatedNode> node = nodes.stream()
                .filter(candidate -> candidate.name().equals(pod.getSpec().getNodeName()))
                .findFirst();
        if (node.isEmpty() || closed) {
            return;
        }
        if (DaemonSetPlan.terminating(pod)) {
            long seconds = Objects.requireNonNullElse(
                    pod.getMetadata().getDeletionGracePeriodSeconds(), DEFAULT_GRACE_SECONDS);
            end(pod, Duration.ofSeconds(seconds), true);
        } else {
            byUid.computeIfAbsent(pod.getMetadata().getUid(), uid -> {
                Path log = folder.resolve("pods").resolve(pod.getMetadata().getName() + ".log");
                PodRun run = new PodRun(client, pod, node.get(), log, executables, http);
                run.start();
                return run;
            });
        }
    }

    /** Call when a pod has left the API; its containers are killed. Does not block. */
    void podRemoved(Pod pod) {
        end(pod, Duration.ZERO, false);
    }

    private void end(Pod pod, Duration grace, boolean delete) {
        Thread.ofVirtual().name("end-" + pod.getMetadata().getName()).start(() -> {
            PodRun run = byUid.get(pod.getMetadata().getUid());
            if (run != null) {
                terminate(run, grace);
            }
            try {
                if (delete) {
                    client.resource(pod).withGracePeriod(0).delete();
                }
                byUid.remove(pod.getMetadata().getUid());
            } catch (KubernetesClientException e) {
                LOG.warn("Pod {} not deleted: {}", pod.getMetadata().getName(), e.getMessage());
            }
        });
    }

    /** Ends every container within three seconds, if need be by force. Pods stay in the API. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        List<Thread> ending = byUid.values().stream()
                .map(run -> Thread.ofVirtual().name("end").start(() -> terminate(run, CLOSE_GRACE)))
                .toList();
        try {
            for (Thread thread : ending) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.shutdownNow();
    }

    private static void terminate(PodRun run, Duration grace) {
        try {
            run.terminate(grace);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

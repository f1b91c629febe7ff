package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
 * The kubelets of the simulated nodes: runs what is bound to them, and when a pod is deleted ends its containers within
 * the grace and only then lets it go. Thread-safe.
 */
final class Kubelets implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Kubelets.class);
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final KubernetesClient client;
    private final List<SimulatedNode> nodes;
    private final ContainerLauncher launcher;
    private final Path folder;
    private final Duration firstBackOff;
    private final HttpProbe prober = new HttpProbe();
    private final Map<String, PodRun> byUid = new ConcurrentHashMap<>();
    /** Guarded by this; once set, nothing is added to byUid. */
    private boolean closed;

    Kubelets(
            KubernetesClient client,
            List<SimulatedNode> nodes,
            ContainerLauncher launcher,
            Path folder,
            Duration firstBackOff) {
        this.client = client;
        this.nodes = nodes;
        this.launcher = launcher;
        this.folder = folder;
        this.firstBackOff = firstBackOff;
    }

    /** A pod appeared or changed. Does not block. */
    synchronized void see(Pod pod) {
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
                PodRun run = new PodRun(client, pod, node.get(), folder, launcher, prober, firstBackOff);
                run.start();
                return run;
            });
        }
    }

    /** A pod is gone, whatever runs of it. Does not block. */
    void gone(Pod pod) {
        end(pod, Duration.ZERO, false);
    }

    private void end(Pod pod, Duration grace, boolean release) {
        Thread.ofVirtual().name("end-" + pod.getMetadata().getName()).start(() -> {
            PodRun run = byUid.get(pod.getMetadata().getUid());
            try {
                if (run != null) {
                    run.terminate(grace);
                }
                if (release) {
                    client.resource(pod).withGracePeriod(0).delete();
                }
                byUid.remove(pod.getMetadata().getUid());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (KubernetesClientException e) {
                LOG.warn("Pod {} not released: {}", pod.getMetadata().getName(), e.getMessage());
            }
        });
    }

    /** Ends every container, within three seconds or by force. Pods stay in the API. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        List<Thread> ending = byUid.values().stream()
                .map(run -> Thread.ofVirtual().name("end").start(() -> terminate(run)))
                .toList();
        try {
            for (Thread thread : ending) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        prober.close();
    }

    private static void terminate(PodRun run) {
        try {
            run.terminate(Duration.ofSeconds(3));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

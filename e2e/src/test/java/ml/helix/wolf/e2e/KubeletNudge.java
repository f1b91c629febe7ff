package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Makes kubelets sync these pods, and the Secrets mounted in them, every few seconds until it is closed: a kubelet syncs a
 * changed pod at once, and any other within 90 s. It repeats the change, because a kubelet may see the change of the pod
 * before that of the Secret.
 */
final class KubeletNudge implements AutoCloseable {
    private static final int EVERY_SECONDS = 4;

    private final KubernetesClient client;
    private final Supplier<List<Pod>> pods;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("nudge").daemon().factory());

    KubeletNudge(KubernetesClient client, Supplier<List<Pod>> pods) {
        this.client = client;
        this.pods = pods;
        timer.scheduleWithFixedDelay(this::nudge, 0, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    /** A failure does no harm: the test only waits longer. */
    private void nudge() {
        var change = "{\"metadata\":{\"annotations\":{\"e2e/nudged-at\":\"%s\"}}}".formatted(Instant.now());
        try {
            pods.get().forEach(pod -> client.resource(pod).patch(PatchContext.of(PatchType.JSON_MERGE), change));
        } catch (KubernetesClientException e) {
            System.out.println("e2e: kubelets not nudged: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}

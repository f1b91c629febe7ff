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
 * While it is open, kubelets look at these pods every few seconds, the Secrets in them included: a pod that changes is
 * looked at soon, any other after a minute and a half at most. More than once, because a kubelet may hear of the pod's
 * change before it hears of the Secret's.
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

    /** Nothing depends on it: without it the wait is only longer. */
    private void nudge() {
        var change = "{\"metadata\":{\"annotations\":{\"e2e/looked-at\":\"%s\"}}}".formatted(Instant.now());
        try {
            pods.get().forEach(pod -> client.resource(pod).patch(PatchContext.of(PatchType.JSON_MERGE), change));
        } catch (KubernetesClientException e) {
            System.out.println("e2e: no kubelet is nudged: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}

package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.Cordons;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells each agent whether its node is cordoned, by an annotation of its pod; the kubelet gives it to the agent as a file, and the
 * agent to the control plane. A request for each pod whose annotation differs. Thread-safe, if passes over one WolfTunnel follow
 * one another.
 */
final class CordonAnnotations {
    private static final Logger LOG = LoggerFactory.getLogger(CordonAnnotations.class);
    private static final PatchContext MERGE =
            new PatchContext.Builder().withPatchType(PatchType.JSON_MERGE).build();

    private final KubernetesClient client;
    private final LongSupplier nanoTime;
    /** What the cache may lack yet, by WolfTunnel and the pod's uid. */
    private final Map<ResourceID, Map<String, Written>> written = new ConcurrentHashMap<>();

    private record Written(boolean cordoned, long at) {}

    /** @param nanoTime a clock that never jumps */
    CordonAnnotations(KubernetesClient client, LongSupplier nanoTime) {
        this.client = client;
        this.nanoTime = nanoTime;
    }

    /**
     * Blocks for its requests.
     *
     * @return what the status should say of cordons
     * @throws KubernetesClientException if the API server does not answer, or refuses for another reason than a missing permission
     */
    Cordons write(Observed observed, ApplyResult applied) {
        if (!(observed.cordons() instanceof Cordons.Known(var nodes))) {
            written.remove(observed.id());
            return observed.cordons();
        }
        var before = written.getOrDefault(observed.id(), Map.of());
        var after = new HashMap<String, Written>();
        try {
            for (var pod : applied.ownPods(observed)) {
                boolean wanted = nodes.contains(pod.node());
                if (pod.cordoned() == wanted || pod.terminating()) {
                    continue;
                }
                var own = before.get(pod.uid());
                long now = nanoTime.getAsLong();
                boolean recent =
                        own != null && own.cordoned() == wanted && now - own.at() < Applier.CACHE_LAG.toNanos();
                if (own == null || !recent) {
                    patch(observed.id(), pod, wanted);
                    own = new Written(wanted, now);
                }
                after.put(pod.uid(), own);
            }
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isForbidden(e)) {
                throw e;
            }
            LOG.debug("The annotation of a pod is refused: {}", ApiErrors.message(e));
            return new Cordons.Forbidden();
        } finally {
            written.put(observed.id(), after);
        }
        return observed.cordons();
    }

    private void patch(ResourceID resource, AgentPod pod, boolean cordoned) {
        var annotation = cordoned ? "\"true\"" : "null";
        try {
            client.resource(new PodBuilder()
                            .withNewMetadata()
                            .withNamespace(resource.getNamespace().orElseThrow())
                            .withName(pod.name())
                            .endMetadata()
                            .build())
                    .patch(
                            MERGE,
                            "{\"metadata\":{\"uid\":\"%s\",\"annotations\":{\"%s\":%s}}}"
                                    .formatted(pod.uid(), AgentMetadata.CORDONED_ANNOTATION, annotation));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND && e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    void forget(ResourceID resource) {
        written.remove(resource);
    }
}

package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.jspecify.annotations.Nullable;

/**
 * Writes statuses by server-side apply to the subresource. Remembers the newest one, so that a pass compares its status with
 * that and not with an older one: the cache lags behind what this wrote, and a pass behind the cache. Thread-safe.
 */
final class StatusWriter {
    private final KubernetesClient client;

    /** What this wrote, until the cache has that or something newer; then the cached object itself. */
    private final Map<ResourceID, WolfTunnel> newest = new ConcurrentHashMap<>();

    StatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /**
     * The last status, whether the cache has it yet or not. Null if there is none.
     *
     * @param observed as the cache had it when the pass began
     */
    @Nullable
    WolfTunnelStatus last(WolfTunnel observed) {
        var known = newest.get(ResourceID.fromResource(observed));
        if (known == null) {
            return observed.getStatus();
        }
        boolean newer = requireNonNullElse(known.getMetadata().getUid(), "")
                        .equals(observed.getMetadata().getUid())
                && ResourceVersions.isNewer(known, observed);
        return newer ? known.getStatus() : observed.getStatus();
    }

    /**
     * To be called with each WolfTunnel that comes into the cache. Keeps that object in place of what was written, so that no
     * status is kept twice. Removing the entry would be wrong: a pass that has begun before would compare with an older status.
     */
    void cached(WolfTunnel seen) {
        newest.computeIfPresent(
                ResourceID.fromResource(seen), (id, known) -> ResourceVersions.isNewer(known, seen) ? known : seen);
    }

    /**
     * Does nothing if the WolfTunnel no longer exists.
     *
     * @throws KubernetesClientException as the API server answers: 409 also if another WolfTunnel has the name by now, of
     *     which an event comes
     */
    void write(WolfTunnel resource, WolfTunnelStatus status) {
        var patch = new WolfTunnel();
        patch.setMetadata(new ObjectMetaBuilder()
                .withNamespace(resource.getMetadata().getNamespace())
                .withName(resource.getMetadata().getName())
                .withUid(resource.getMetadata().getUid())
                .build());
        patch.setStatus(status);
        try {
            var answer = client.resource(patch).subresource("status").patch(Applier.APPLY);
            newest.merge(
                    ResourceID.fromResource(resource),
                    answer,
                    (known, own) -> ResourceVersions.isNewer(own, known) ? own : known);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    void forget(ResourceID resource) {
        newest.remove(resource);
    }
}

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
 * Writes statuses by server-side apply to the subresource. Remembers what it wrote until the cache has it, so that a pass
 * compares its status with the last one and not with an older one. Thread-safe.
 */
final class StatusWriter {
    private final KubernetesClient client;
    private final Map<ResourceID, WolfTunnel> written = new ConcurrentHashMap<>();

    StatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /** The last status, whether the cache has it yet or not. Null if there is none. */
    @Nullable
    WolfTunnelStatus last(WolfTunnel cached) {
        var own = written.get(ResourceID.fromResource(cached));
        if (own == null) {
            return cached.getStatus();
        }
        boolean newer = requireNonNullElse(own.getMetadata().getUid(), "")
                        .equals(cached.getMetadata().getUid())
                && ResourceVersions.isNewer(own, cached);
        return newer ? own.getStatus() : cached.getStatus();
    }

    /** To be called with each WolfTunnel that comes into the cache, so that a status isn't kept twice. */
    void cached(WolfTunnel seen) {
        written.computeIfPresent(
                ResourceID.fromResource(seen), (id, own) -> ResourceVersions.isNewer(own, seen) ? own : null);
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
            written.put(ResourceID.fromResource(resource), answer);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    void forget(ResourceID resource) {
        written.remove(resource);
    }
}

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
 * Writes status, by server-side apply to the subresource, and remembers what it wrote until the cache has it too: so
 * that the next status is compared with the last one and not with one before it. Thread-safe.
 */
final class StatusWriter {
    private final KubernetesClient client;
    private final Map<ResourceID, WolfTunnel> written = new ConcurrentHashMap<>();

    StatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /** The last status of the tunnel, whether the cache has it yet or not. */
    @Nullable
    WolfTunnelStatus last(WolfTunnel cached) {
        var mine = written.get(ResourceID.fromResource(cached));
        if (mine == null) {
            return cached.getStatus();
        }
        boolean ahead = requireNonNullElse(mine.getMetadata().getUid(), "")
                        .equals(cached.getMetadata().getUid())
                && ResourceVersions.newer(mine, cached);
        return ahead ? mine.getStatus() : cached.getStatus();
    }

    /**
     * Does nothing where the tunnel is gone meanwhile.
     *
     * @throws KubernetesClientException as the API server answers: 409 also where the tunnel is another one of the same
     *     name, of which an event comes
     */
    void write(WolfTunnel tunnel, WolfTunnelStatus status) {
        var patch = new WolfTunnel();
        patch.setMetadata(new ObjectMetaBuilder()
                .withNamespace(tunnel.getMetadata().getNamespace())
                .withName(tunnel.getMetadata().getName())
                .withUid(tunnel.getMetadata().getUid())
                .build());
        patch.setStatus(status);
        try {
            var answer = client.resource(patch).subresource("status").patch(Applier.APPLY);
            written.put(ResourceID.fromResource(tunnel), answer);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    void forget(ResourceID tunnel) {
        written.remove(tunnel);
    }
}

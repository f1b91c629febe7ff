package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/** Writes a status whatever the object's version is by now, as kubelets do: others write to these objects too. */
final class StatusPatch {
    private StatusPatch() {}

    /** Sets every field that {@code status} has; lists are replaced. */
    static void write(KubernetesClient client, HasMetadata object, Object status) {
        client.resource(object)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("status", status)));
    }
}

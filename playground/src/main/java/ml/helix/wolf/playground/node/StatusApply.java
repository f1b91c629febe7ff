package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/** Writes the status of an object by server-side apply, whatever the object's resourceVersion is by now. */
final class StatusApply {
    private static final PatchContext FORCED = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(NodeSimulator.FIELD_MANAGER)
            .withForce(true)
            .build();

    private StatusApply() {}

    static void write(KubernetesClient client, HasMetadata object, Object status) {
        client.resource(object)
                .subresource("status")
                .patch(
                        FORCED,
                        Serialization.asJson(Map.of(
                                "apiVersion",
                                object.getApiVersion(),
                                "kind",
                                object.getKind(),
                                "metadata",
                                Map.of("name", object.getMetadata().getName()),
                                "status",
                                status)));
    }
}

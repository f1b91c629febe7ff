package ml.helix.wolf.playground.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.program.Secret;

/**
 * The example that the demo applies: {@code manifests/examples/gpu-nodes.yaml}, with the few values replaced that must
 * be.
 */
final class Example {
    static final String FILE = "manifests/examples/gpu-nodes.yaml";
    static final String NAMESPACE = "wolf";
    static final String NAME = "gpu-nodes";

    private static final String FIELD_MANAGER = "demo";

    private final List<ObjectNode> objects;

    private Example(List<ObjectNode> objects) {
        this.objects = objects;
    }

    /**
     * Reads it.
     *
     * @param url the control plane's, in place of the example's
     * @param token in place of the example's placeholder
     * @param nodes the label that the demo's nodes have, in place of the example's; empty to keep that
     */
    static Example read(Path checkout, String url, Secret token, Map<String, String> nodes) throws IOException {
        List<ObjectNode> objects = new ArrayList<>();
        for (String document : Files.readString(checkout.resolve(FILE)).split("(?m)^---\\s*$")) {
            if (Serialization.unmarshal(document, JsonNode.class) instanceof ObjectNode object) {
                objects.add(object);
                switch (object.path("kind").asText()) {
                    case "Secret" -> object.withObjectProperty("stringData").put("token", token.reveal());
                    case "WolfTunnel" -> {
                        ObjectNode spec = object.withObjectProperty("spec");
                        spec.withObjectProperty("controlPlane").put("url", url);
                        spec.withObjectProperty("agent").put("reconnectSeconds", 1);
                        if (!nodes.isEmpty()) {
                            ObjectNode selector = spec.withObjectProperty("pod").putObject("nodeSelector");
                            nodes.forEach(selector::put);
                        }
                    }
                    default -> throw new IOException(FILE + " has a " + object.path("kind") + ", which is new here");
                }
            }
        }
        return new Example(objects);
    }

    /** Applies it, its namespace first. */
    void apply(KubernetesClient client) {
        if (client.namespaces().withName(NAMESPACE).get() == null) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(NAMESPACE)
                            .endMetadata()
                            .build())
                    .create();
        }
        for (ObjectNode object : objects) {
            client.resource(generic(object))
                    .fieldManager(FIELD_MANAGER)
                    .forceConflicts()
                    .serverSideApply();
        }
    }

    /** Deletes what it applied; the namespace stays. */
    void delete(KubernetesClient client) {
        objects.forEach(object -> client.resource(generic(object)).delete());
    }

    /** The WolfTunnel as it is now. */
    static Optional<JsonNode> tunnel(KubernetesClient client) {
        GenericKubernetesResource tunnel = client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .get();
        return Optional.ofNullable(tunnel)
                .map(found -> Serialization.unmarshal(Serialization.asJson(found), JsonNode.class));
    }

    private static GenericKubernetesResource generic(ObjectNode object) {
        return Serialization.unmarshal(Serialization.asJson(object), GenericKubernetesResource.class);
    }
}

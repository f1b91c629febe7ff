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
 * The manifest that the demo applies: {@code manifests/examples/gpu-nodes.yaml}, with the demo's own URL, token and
 * reconnectSeconds.
 */
final class ExampleManifest {
    static final String FILE = "manifests/examples/gpu-nodes.yaml";
    static final String NAMESPACE = "wolf";
    static final String NAME = "gpu-nodes";

    private static final String FIELD_MANAGER = "demo";

    private final List<ObjectNode> objects;

    private ExampleManifest(List<ObjectNode> objects) {
        this.objects = objects;
    }

    /**
     * Reads the manifest.
     *
     * @param url the control plane's, in place of the manifest's
     * @param token in place of the manifest's placeholder
     * @param nodeSelector in place of the manifest's; empty to keep that
     */
    static ExampleManifest read(Path checkout, String url, Secret token, Map<String, String> nodeSelector)
            throws IOException {
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
                        if (!nodeSelector.isEmpty()) {
                            ObjectNode selector = spec.withObjectProperty("pod").putObject("nodeSelector");
                            nodeSelector.forEach(selector::put);
                        }
                    }
                    default ->
                        throw new IOException("the demo doesn't know the " + object.path("kind") + " in " + FILE);
                }
            }
        }
        return new ExampleManifest(objects);
    }

    /** Applies the manifest; creates its namespace if that doesn't exist. */
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

    /** Deletes the objects of the manifest; the namespace stays. */
    void delete(KubernetesClient client) {
        objects.forEach(object -> client.resource(generic(object)).delete());
    }

    /** The WolfTunnel as it is now. */
    static Optional<JsonNode> wolfTunnel(KubernetesClient client) {
        GenericKubernetesResource resource = client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(NAMESPACE)
                .withName(NAME)
                .get();
        return Optional.ofNullable(resource)
                .map(found -> Serialization.unmarshal(Serialization.asJson(found), JsonNode.class));
    }

    private static GenericKubernetesResource generic(ObjectNode object) {
        return Serialization.unmarshal(Serialization.asJson(object), GenericKubernetesResource.class);
    }
}

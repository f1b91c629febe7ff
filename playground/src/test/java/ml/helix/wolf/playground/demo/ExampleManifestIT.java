package ml.helix.wolf.playground.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.playground.api.EmbeddedApi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(30)
class ExampleManifestIT {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    private final EmbeddedApi api = EmbeddedApi.start();
    private final KubernetesClient client = api.client();

    @BeforeEach
    void define() {
        client.load(WolfTunnel.class.getResourceAsStream("/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml"))
                .serverSideApply();
    }

    @AfterEach
    void end() {
        client.close();
        api.close();
    }

    @Test
    void theDemoReplacesOnlyItsOwnValues() throws IOException {
        var token = ml.helix.wolf.program.Secret.of("hush");

        ExampleManifest.read(CHECKOUT, "http://127.0.0.1:1", token, Map.of()).apply(client);

        JsonNode spec = ExampleManifest.wolfTunnel(client).orElseThrow().path("spec");
        assertThat(spec.at("/controlPlane/url").asText()).isEqualTo("http://127.0.0.1:1");
        assertThat(spec.at("/wolf/address").asText()).isEqualTo("$(NODE_IP):8080");
        assertThat(spec.at("/pod/nodeSelector").has("nvidia.com/gpu.present")).isTrue();
        Secret secret =
                client.secrets().inNamespace("wolf").withName("wolf-token").get();
        assertThat(Base64.getDecoder().decode(secret.getData().get("token")))
                .asString()
                .isEqualTo("hush");

        ExampleManifest.read(CHECKOUT, "http://127.0.0.1:1", token, Map.of("a", "b"))
                .apply(client);

        assertThat(ExampleManifest.wolfTunnel(client).orElseThrow().at("/spec/pod/nodeSelector"))
                .isEqualTo(Serialization.unmarshal("{\"a\":\"b\"}", JsonNode.class));
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyExampleIsAccepted(Path file) throws IOException {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("wolf")
                        .endMetadata()
                        .build())
                .create();
        int wolfTunnels = 0;
        for (String document : Files.readString(file).split("(?m)^---\\s*$")) {
            var object = Serialization.unmarshal(document, GenericKubernetesResource.class);
            assertThat(client.resource(object).serverSideApply().getMetadata().getUid())
                    .isNotBlank();
            wolfTunnels += object.getKind().equals("WolfTunnel") ? 1 : 0;
        }
        assertThat(wolfTunnels).isEqualTo(1);
    }

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(CHECKOUT.resolve("manifests/examples"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).toList();
        }
    }
}

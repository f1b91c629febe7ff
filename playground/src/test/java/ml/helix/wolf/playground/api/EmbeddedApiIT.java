package ml.helix.wolf.playground.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedApiIT {
    private static final String MANIFEST = """
            apiVersion: wolf.helix.ml/v1alpha1
            kind: WolfTunnel
            metadata: {name: gpu-nodes, namespace: wolf}
            spec:
              controlPlane: {url: "https://helix.example.com"}
              runnerToken: {secretRef: {name: wolf-token}}
            """;

    private final EmbeddedApi api = EmbeddedApi.start();
    private final KubernetesClient client = api.client();

    @BeforeEach
    void namespaceAndDefinition() {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("wolf")
                        .endMetadata()
                        .build())
                .create();
        client.load(WolfTunnel.class.getResourceAsStream("/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml"))
                .serverSideApply();
    }

    @AfterEach
    void end() {
        client.close();
        api.close();
    }

    @Test
    void anApplyCreatesWithDefaultsAndTheSameApplyAgainWritesNothing() {
        GenericKubernetesResource created = apply(MANIFEST);
        GenericKubernetesResource again = apply(MANIFEST);

        assertThat(created.getMetadata().getUid()).isNotBlank();
        assertThat(created.getMetadata().getGeneration()).isEqualTo(1);
        assertThat(created.<Object>get("spec", "runnerToken", "secretRef", "key"))
                .isEqualTo("token");
        assertThat(again.getMetadata().getResourceVersion())
                .isEqualTo(created.getMetadata().getResourceVersion());
    }

    @Test
    void onlyAChangedSpecIsANewGeneration() {
        apply(MANIFEST);
        GenericKubernetesResource changed = apply(MANIFEST.replace("helix.example.com", "other.example.com"));
        assertThat(changed.getMetadata().getGeneration()).isEqualTo(2);

        GenericKubernetesResource status = generic(MANIFEST + "status: {summary: 1/2 connected, desired: 2}\n");
        GenericKubernetesResource after = client.resource(status).patchStatus();

        assertThat(after.getMetadata().getGeneration()).isEqualTo(2);
        assertThat(client.resource(status).get().<String>get("status", "summary"))
                .isEqualTo("1/2 connected");
        assertThat(apply(MANIFEST).<String>get("status", "summary")).isEqualTo("1/2 connected");
    }

    @Test
    void aStatusIsAppliedOnItsSubresourceAlone() {
        apply(MANIFEST);
        var context = new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager("op")
                .withForce(true)
                .build();

        client.resource(generic(MANIFEST))
                .subresource("status")
                .patch(context, Serialization.asJson(generic(MANIFEST + "status: {summary: a, desired: 2}\n")));
        client.resource(generic(MANIFEST))
                .subresource("status")
                .patch(context, Serialization.asJson(generic(MANIFEST + "status: {summary: b}\n")));

        GenericKubernetesResource resource = client.resource(generic(MANIFEST)).get();
        assertThat(resource.<String>get("status", "summary")).isEqualTo("b");
        assertThat(resource.<Object>get("status", "desired")).isNull();
    }

    @Test
    void anObjectThatDoesNotFitItsSchemaIsRefused() {
        assertThatThrownBy(() ->
                        apply(MANIFEST.replace("controlPlane: {url: \"https://helix.example.com\"}", "paused: 7")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("spec.controlPlane: Required value")
                .hasMessageContaining("spec.paused: Invalid value: must be of type boolean");
        assertThatThrownBy(() -> apply(MANIFEST.replace("namespace: wolf", "namespace: absent")))
                .hasMessageContaining("namespaces \"absent\" not found");
    }

    @Test
    void aKindIsServedOnlyWhileItsDefinitionExists() throws Exception {
        String path = "/apis/wolf.helix.ml/v1alpha1/namespaces/wolf/wolftunnels";
        assertThat(get(path, "application/json").path("kind").asText()).isEqualTo("List");

        client.apiextensions()
                .v1()
                .customResourceDefinitions()
                .withName("wolftunnels.wolf.helix.ml")
                .delete();

        assertThat(get(path, "application/json").path("message").asText())
                .isEqualTo("the server could not find the requested resource");
    }

    @Test
    void aDeletedPodOnANodeWaitsForItsKubelet() {
        Pod pod = client.resource(Serialization.unmarshal("""
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: p, namespace: wolf}
                        spec: {nodeName: gpu-1, terminationGracePeriodSeconds: 25, containers: [{name: a}]}
                        """, Pod.class)).create();

        client.resource(pod).delete();

        Pod ending = client.resource(pod).get();
        assertThat(ending.getMetadata().getDeletionTimestamp()).isNotBlank();
        assertThat(ending.getMetadata().getDeletionGracePeriodSeconds()).isEqualTo(25);

        client.resource(pod).withGracePeriod(0).delete();

        assertThat(client.resource(pod).get()).isNull();
    }

    @Test
    void anAppliedOwnerReferenceIsKept() {
        String set = """
                apiVersion: apps/v1
                kind: DaemonSet
                metadata:
                  name: d
                  namespace: wolf
                  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: g, uid: u}]
                """;
        client.resource(Serialization.unmarshal(set, DaemonSet.class))
                .fieldManager("op")
                .serverSideApply();

        DaemonSet status = client.apps()
                .daemonSets()
                .inNamespace("wolf")
                .withName("d")
                .editStatus(current -> {
                    current.setStatus(new DaemonSetStatus());
                    current.getStatus().setNumberReady(2);
                    return current;
                });

        assertThat(status.getStatus().getNumberReady()).isEqualTo(2);
        assertThat(status.getMetadata().getOwnerReferences()).hasSize(1);
        assertThat(client.resource(Serialization.unmarshal(set, DaemonSet.class))
                        .fieldManager("op")
                        .serverSideApply()
                        .getStatus()
                        .getNumberReady())
                .isEqualTo(2);
    }

    @Test
    void stringDataOfASecretIsStoredAsBase64() {
        Secret secret = client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("wolf-token")
                        .withNamespace("wolf")
                        .endMetadata()
                        .addToStringData("token", "hush")
                        .build())
                .serverSideApply();

        assertThat(secret.getData()).containsEntry("token", "aHVzaA==");
        assertThat(secret.getStringData()).isNullOrEmpty();
    }

    @Test
    void watchersSeeAppliesAndDeletions() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (var informer = client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace("wolf")
                .inform(new ResourceEventHandler<GenericKubernetesResource>() {
                    @Override
                    public void onAdd(GenericKubernetesResource resource) {
                        seen.add("added");
                    }

                    @Override
                    public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource resource) {
                        seen.add("updated " + resource.getMetadata().getGeneration());
                    }

                    @Override
                    public void onDelete(GenericKubernetesResource resource, boolean unknown) {
                        seen.add("deleted");
                    }
                })) {
            assertThat(informer.isRunning()).isTrue();
            apply(MANIFEST);
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("added");
            apply(MANIFEST.replace("https", "http"));
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("updated 2");
            client.resource(generic(MANIFEST)).delete();
            assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("deleted");
        }
    }

    @Test
    void kubectlGetsDiscoveryAndATable() throws Exception {
        apply(MANIFEST);

        assertThat(get("/apis", "application/json").at("/groups").toString()).contains("wolf.helix.ml");
        assertThat(get("/apis/wolf.helix.ml/v1alpha1", "application/json")
                        .at("/resources/0/shortNames/0")
                        .asText())
                .isEqualTo("wt");
        JsonNode table = get(
                "/apis/wolf.helix.ml/v1alpha1/namespaces/wolf/wolftunnels",
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        assertThat(table.path("kind").asText()).isEqualTo("Table");
        assertThat(table.at("/columnDefinitions/1/name").asText()).isEqualTo("READY");
        assertThat(table.at("/rows/0/cells/0").asText()).isEqualTo("gpu-nodes");
        assertThat(table.at("/columnDefinitions/6/name").asText()).isEqualTo("URL");
        assertThat(table.at("/rows/0/cells/6").asText()).isEqualTo("https://helix.example.com");
    }

    @Test
    void theKubeconfigNamesTheServer(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("kubeconfig");
        api.writeKubeconfig(file);

        assertThat(Config.fromKubeconfig(file.toFile()).getMasterUrl()).startsWith(api.url());
    }

    private JsonNode get(String path, String accept) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return Serialization.unmarshal(
                    http.send(
                                    HttpRequest.newBuilder(URI.create(api.url() + path))
                                            .header("Accept", accept)
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body(),
                    JsonNode.class);
        }
    }

    private GenericKubernetesResource apply(String yaml) {
        return client.resource(generic(yaml))
                .fieldManager("kubectl")
                .forceConflicts()
                .serverSideApply();
    }

    private static GenericKubernetesResource generic(String yaml) {
        return Serialization.unmarshal(yaml, GenericKubernetesResource.class);
    }
}

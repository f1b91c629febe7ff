package ml.helix.wolf.kubectl.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real API server. It has no controllers: the test plays the operator. */
class ClusterCommandsIT {
    private static final ResourceDefinitionContext WOLF_TUNNELS = new ResourceDefinitionContext.Builder()
            .withGroup("wolf.helix.ml")
            .withVersion("v1alpha1")
            .withKind("WolfTunnel")
            .withPlural("wolftunnels")
            .withNamespaced(true)
            .build();

    @TempDir
    private static Path folder;

    private static ApiServer server;
    private static KubernetesClient admin;
    private static Ran beforeTheCrd;

    @BeforeAll
    static void start() throws Exception {
        server = ApiServer.start(folder);
        admin = server.client();
        beforeTheCrd = run("status");
        String crd = Files.readString(Path.of("../manifests/crds/wolftunnels.wolf.helix.ml.yaml"));
        admin.resource(admin.getKubernetesSerialization().unmarshal(crd, CustomResourceDefinition.class))
                .serverSideApply();
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("wolf")
                        .endMetadata()
                        .build())
                .create();
        Waiting.until("the CRD is served", () -> run("status", "-A").status() == 0);
        create("gpu-nodes");
        report("gpu-nodes", "False", "ConnectFailure", 0);
        create("fresh");
    }

    @AfterAll
    static void stop() {
        if (admin != null) {
            admin.close();
            server.close();
        }
    }

    private static Ran run(String... arguments) throws Exception {
        var all = new String[arguments.length + 2];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "--kubeconfig";
        all[arguments.length + 1] = server.kubeconfig();
        return Ran.plugin(Map.of(), all);
    }

    private static void create(String name) {
        admin.resource(admin.getKubernetesSerialization()
                        .unmarshal("""
                        apiVersion: wolf.helix.ml/v1alpha1
                        kind: WolfTunnel
                        metadata: {name: %s, namespace: wolf}
                        spec:
                          controlPlane: {url: "https://helix.example.com"}
                          runnerToken: {secretRef: {name: wolf-token}}
                          wolfId: {source: NodeName}
                        """.formatted(name), GenericKubernetesResource.class))
                .create();
    }

    /** As the operator does. */
    private static void report(String name, String ready, String reason, int connected) {
        admin.genericKubernetesResources(WOLF_TUNNELS)
                .inNamespace("wolf")
                .withName(name)
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), """
                        {"status": {"observedGeneration": 1, "desired": 1, "updated": 1, "connected": %d, "summary": "%d/1 connected",
                          "conditions": [{"type": "Ready", "status": "%s", "reason": "%s", "message": "seen",
                            "lastTransitionTime": "2026-01-01T00:00:00Z"}],
                          "tunnels": [{"node": "gpu-1", "pod": "a", "wolfId": "gpu-1", "state": "%s"}]}}
                        """.formatted(
                                connected, connected, ready, reason, connected == 0 ? "Disconnected" : "Connected"));
    }

    @Test
    void aMissingCrdIsNamed() {
        assertThat(beforeTheCrd.status()).isEqualTo(1);
        assertThat(beforeTheCrd.err()).contains("the CRD is not installed", "manifests/crds");
    }

    @Test
    void statusIsATree() throws Exception {
        Ran ran = run("-n", "wolf", "status", "gpu-nodes");

        assertThat(ran.status()).isZero();
        assertThat(ran.out()).startsWith("""
                wolf/gpu-nodes  0/1 connected  https://helix.example.com
                │  not ready: ConnectFailure (recovers by itself)
                """).contains("└─ gpu-1");
    }

    @Test
    void aWolfTunnelWithoutAnOperatorSaysSo() throws Exception {
        assertThat(run("status", "-n", "wolf", "fresh").out()).contains("No operator has seen it yet.");
    }

    @Test
    void statusIsJsonForPrograms() throws Exception {
        var json = new ObjectMapper().readTree(run("status", "-A", "-o", "json").out());

        assertThat(json.path("wolfTunnels").findValuesAsText("name")).containsSubsequence("fresh", "gpu-nodes");
    }

    @Test
    void aWrongNameHasNearNamesAndAnotherNamespaceIsNamed() throws Exception {
        assertThat(run("status", "-n", "wolf", "gpu-node").err()).contains("Did you mean gpu-nodes?");
        assertThat(run("status", "gpu-nodes").err()).contains("in namespace default", "There is one in wolf");
    }

    @Test
    void whoMayNotReadIsToldSo() throws Exception {
        Ran ran = Ran.plugin(Map.of(), "status", "--kubeconfig", server.kubeconfigOfNobody());

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("you may not list WolfTunnels in namespace wolf", "nobody");
    }

    @Test
    void aClusterThatIsDownIsNamed() throws Exception {
        Path kubeconfig = Files.writeString(folder.resolve("down"), """
                apiVersion: v1
                kind: Config
                current-context: down
                contexts: [{name: down, context: {cluster: down, user: down}}]
                clusters: [{name: down, cluster: {server: "https://127.0.0.1:1"}}]
                users: [{name: down, user: {}}]
                """);
        Ran ran = Ran.plugin(Map.of(), "status", "--kubeconfig", kubeconfig.toString());

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("https://127.0.0.1:1", "--context").hasLineCount(1);
    }

    @Test
    void aWrongContextNamesThoseThatAreThere() throws Exception {
        assertThat(run("status", "--context", "nope").err()).contains("has no context nope", "It has: ");
    }

    @Test
    void tunnelsAreATable() throws Exception {
        assertThat(run("tunnels", "-n", "wolf").out())
                .startsWith("WOLFTUNNEL   NODE ")
                .contains("gpu-nodes    gpu-1   wolf-gpu-1");
    }

    @Test
    void doctorNamesWhatIsMissing() throws Exception {
        Ran ran = run("doctor", "gpu-nodes", "-n", "wolf");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.out())
                .containsPattern("FAILED +token +there is no Secret wolf-token")
                .containsPattern("FAILED +DaemonSet ")
                .containsPattern("warning +admission policy ");
    }

    @Test
    void doctorReadsTheSecretAndNeverPrintsIt() throws Exception {
        create("with-secret");
        admin.genericKubernetesResources(WOLF_TUNNELS)
                .inNamespace("wolf")
                .withName("with-secret")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"spec\": {\"runnerToken\": {\"secretRef\": {\"name\": \"other\"}}}}");
        admin.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace("wolf")
                        .withName("other")
                        .endMetadata()
                        .withStringData(Map.of("token", "secret-token-of-the-plugins-tests"))
                        .build())
                .create();
        Ran ran = run("doctor", "with-secret", "-n", "wolf", "-o", "yaml");

        assertThat(ran.out())
                .contains("the Secret other has a token in its key token")
                .doesNotContain("secret-token-of-the-plugins-tests");
    }

    @Test
    void waitEndsWhenTheGoalIsReachedAndFailsWhenItIsNot() throws Exception {
        create("slow");
        Ran late = run("wait", "slow", "-n", "wolf", "--timeout", "0s");
        var waiting = Waiting.async(() -> run("wait", "slow", "-n", "wolf"));
        report("slow", "True", "Connected", 1);

        assertThat(late.status()).isEqualTo(1);
        assertThat(late.err()).contains("wolf/slow is not ready after 0 s: no operator has seen it yet");
        assertThat(waiting.get(60, TimeUnit.SECONDS).out()).isEqualTo("wolf/slow is ready: 1/1 connected\n");
    }

    @Test
    void namesAreCompleted() throws Exception {
        Ran ran =
                Ran.plugin(Map.of(), "__complete", "--kubeconfig", server.kubeconfig(), "-n", "wolf", "status", "gpu");

        assertThat(ran.out()).isEqualTo("gpu-nodes\n:4\n");
    }
}

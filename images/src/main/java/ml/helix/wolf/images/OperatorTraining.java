package ml.helix.wolf.images;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.playground.api.EmbeddedApi;
import ml.helix.wolf.playground.node.NodeSimulator;
import ml.helix.wolf.playground.node.SimulatedNode;
import ml.helix.wolf.testkit.FreePort;

/**
 * A training run of the operator, with an API server and a node simulated in this process: the operator becomes leader,
 * rolls out a WolfTunnel, reads the status of its agent, and rolls out a change.
 */
final class OperatorTraining {
    private static final String NAMESPACE = "training";
    private static final String IMAGE = "agent-in-training";
    /** A loopback address of its own, where the agent's port is free. */
    private static final SimulatedNode NODE = new SimulatedNode("training", "127.90.0.1", Map.of());

    private static final Duration STEP_LIMIT = Duration.ofSeconds(120);

    private final Path folder;

    /** @param folder for the logs of the programs and the files of the node */
    OperatorTraining(Path folder) {
        this.folder = folder;
    }

    /** @param agent runs on the node; it reports its status without a control plane too */
    void run(TrainedProgram operator, TrainedProgram agent) throws IOException, InterruptedException {
        Path kubeconfig = folder.resolve("operator-kubeconfig");
        Path node = Files.createDirectories(folder.resolve("operator-node"));
        int port = FreePort.choose();
        try (EmbeddedApi api = EmbeddedApi.start();
                KubernetesClient client = api.client();
                HttpClient http = HttpClient.newHttpClient()) {
            api.writeKubeconfig(kubeconfig);
            define(client);
            try (var simulator = new NodeSimulator(client, List.of(NODE), Map.of(IMAGE, agent.launcher()), node);
                    var run = TrainingRun.start(
                            operator,
                            Map.of(
                                    "KUBECONFIG",
                                    kubeconfig.toString(),
                                    "AGENT_IMAGE",
                                    IMAGE,
                                    "LEADER_ELECTION",
                                    "true",
                                    "OPERATOR_LISTEN",
                                    "127.0.0.1:" + port),
                            folder.resolve("operator.log"))) {
                simulator.start();
                String health = "http://127.0.0.1:" + port;
                HttpRequests.awaitReady(http, health, run);
                apply(client, wolfTunnel("info"));
                await(client, run, "didn't read the agent's status", OperatorTraining::hasAgentVersion);
                long first = generation(client);
                apply(client, wolfTunnel("debug"));
                await(
                        client,
                        run,
                        "didn't roll out a change",
                        status -> hasAgentVersion(status)
                                && Objects.requireNonNullElse(status.observedGeneration(), 0L) > first);
                HttpRequests.get(http, health + "/metrics");
                HttpRequests.get(http, health + "/livez");
                client.resources(WolfTunnel.class)
                        .inNamespace(NAMESPACE)
                        .withName("training")
                        .delete();
                run.finish();
            }
        }
    }

    private static boolean hasAgentVersion(WolfTunnelStatus status) {
        return status.tunnels().stream().anyMatch(tunnel -> tunnel.agentVersion() != null);
    }

    private static long generation(KubernetesClient client) {
        return client.resources(WolfTunnel.class)
                .inNamespace(NAMESPACE)
                .withName("training")
                .require()
                .getMetadata()
                .getGeneration();
    }

    private static void await(
            KubernetesClient client, TrainingRun run, String failure, Predicate<WolfTunnelStatus> condition)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + STEP_LIMIT.toNanos();
        while (System.nanoTime() < deadline && run.process().isAlive()) {
            var resource = client.resources(WolfTunnel.class)
                    .inNamespace(NAMESPACE)
                    .withName("training")
                    .get();
            if (resource != null && resource.getStatus() != null && condition.test(resource.getStatus())) {
                return;
            }
            Thread.sleep(100);
        }
        throw run.failure(failure + " within " + STEP_LIMIT.toSeconds() + " s");
    }

    private static void define(KubernetesClient client) throws IOException {
        try (InputStream definition = Objects.requireNonNull(
                WolfTunnel.class.getResourceAsStream("/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml"))) {
            client.load(definition).serverSideApply();
        }
        apply(client, """
                apiVersion: v1
                kind: Namespace
                metadata: {name: %s}
                """.formatted(NAMESPACE));
        apply(client, """
                apiVersion: v1
                kind: Secret
                metadata: {name: token, namespace: %s}
                stringData: {token: in-training}
                """.formatted(NAMESPACE));
    }

    private static String wolfTunnel(String logLevel) {
        return """
                apiVersion: wolf.helix.ml/v1alpha1
                kind: WolfTunnel
                metadata: {name: training, namespace: %s}
                spec:
                  controlPlane: {url: "http://127.0.0.1:1"}
                  runnerToken: {secretRef: {name: token}}
                  wolf: {address: "127.0.0.1:1"}
                  agent: {logLevel: %s, drainSeconds: 1}
                """.formatted(NAMESPACE, logLevel);
    }

    private static void apply(KubernetesClient client, String manifest) {
        GenericKubernetesResource resource = client.getKubernetesSerialization()
                .unmarshal(
                        new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8)),
                        GenericKubernetesResource.class);
        client.resource(resource).fieldManager("training").forceConflicts().serverSideApply();
    }
}

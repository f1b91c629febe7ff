package ml.helix.wolf.playground.demo;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.playground.api.EmbeddedApi;
import ml.helix.wolf.playground.node.NodeSimulator;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * Starts the parts of the demo: two nodes with a Wolf each, the API server, the network before the control plane, and the
 * control plane and the operator as processes.
 */
final class DemoStart {
    private static final String AGENT_IMAGE = "wolf-tunnel-agent:this-checkout";
    private static final String GPU = "nvidia.com/gpu.present";
    private static final String SIMULATED = "wolf.helix.ml/simulated";
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Path checkout;
    private final Path folder;
    private final boolean embedded;
    private final Path kubeconfig;
    private final Screen screen;
    private final OpenParts open;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Secret runnerToken = randomSecret();
    private final Secret adminToken = randomSecret();

    DemoStart(Path checkout, Path folder, DemoSettings settings, Screen screen, OpenParts open) {
        this.checkout = checkout;
        this.folder = folder;
        this.embedded = settings.kubeconfig().isEmpty();
        this.kubeconfig = settings.kubeconfig().orElse(folder.resolve("kubeconfig"));
        this.screen = screen;
        this.open = open;
    }

    /** Starts the parts and prints each with its address. */
    DemoParts start() throws DemoFailure, IOException, InterruptedException {
        // A real cluster may have GPU nodes of its own: there the demo's agents must not run on them.
        Map<String, String> labels = embedded ? Map.of(GPU, "true", SIMULATED, "true") : Map.of(SIMULATED, "true");
        List<WolfNode> nodes = new ArrayList<>();
        for (String name : List.of("gpu-1", "gpu-2")) {
            nodes.add(open.add(WolfNode.start(name, labels)));
        }
        write("runner-token", runnerToken);
        write("admin-token", adminToken);

        int port = FreePort.choose();
        DemoProgram controlPlane = startControlPlane(port);
        CuttableRelay network =
                open.add(CuttableRelay.start(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port)));
        KubernetesClient client = connectToApi(nodes);
        DemoProgram operator = startOperator();
        for (DemoProgram program : List.of(controlPlane, operator)) {
            program.awaitReady(http);
            screen.row(
                    program.name(),
                    program.url(),
                    "bin/" + program.name() + ", process " + program.process().pid());
        }
        screen.row("page", controlPlane.url() + "/", "every instance, live; asks for the admin token");
        NodeSimulator simulator = startNodes(client, nodes);
        ExampleManifest example =
                ExampleManifest.read(checkout, network.url(), runnerToken, embedded ? Map.of() : labels);
        if (!embedded) {
            open.add(() -> cleanUp(client, example, simulator));
        }
        return new DemoParts(
                folder,
                client,
                kubeconfig,
                embedded,
                nodes,
                network,
                controlPlane,
                operator,
                new Caller(http, controlPlane.url(), adminToken),
                example);
    }

    private KubernetesClient connectToApi(List<WolfNode> nodes) throws DemoFailure, IOException {
        KubernetesClient client;
        if (embedded) {
            EmbeddedApi api = open.add(EmbeddedApi.start());
            client = open.add(api.client());
            api.writeKubeconfig(kubeconfig);
            screen.row("API server", api.url(), "embedded: Fabric8's mock server, in this process");
        } else {
            client = open.add(new KubernetesClientBuilder()
                    .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                    .build());
            requireNoNodesOfTheseNames(client, nodes);
            screen.row("API server", client.getMasterUrl().toString().replaceAll("/$", ""), "real, of " + kubeconfig);
        }
        client.resource(Serialization.unmarshal(
                        Serialization.asJson(WolfTunnelTable.definition()), CustomResourceDefinition.class))
                .fieldManager("demo")
                .forceConflicts()
                .serverSideApply();
        return client;
    }

    private static void requireNoNodesOfTheseNames(KubernetesClient client, List<WolfNode> nodes) throws DemoFailure {
        try {
            for (WolfNode node : nodes) {
                var known = client.nodes().withName(node.name()).get();
                if (known != null && !known.getMetadata().getLabels().containsKey(SIMULATED)) {
                    throw new DemoFailure("this cluster has a node " + node.name() + " of its own", List.of());
                }
            }
        } catch (KubernetesClientException e) {
            throw new DemoFailure("the cluster of --kubeconfig can't be used: " + e.getMessage(), List.of());
        }
    }

    private DemoProgram startControlPlane(int port) throws IOException {
        return startProgram(
                "control-plane",
                "http://127.0.0.1:" + port,
                Map.of(),
                "-listen=127.0.0.1:" + port,
                "-runner-token-file=" + folder.resolve("runner-token"),
                "-admin-token-file=" + folder.resolve("admin-token"),
                "-store=jdbc:h2:file:" + folder.resolve("store"),
                "-grace=1");
    }

    private DemoProgram startOperator() throws IOException {
        int port = FreePort.choose();
        return startProgram(
                "operator",
                "http://127.0.0.1:" + port,
                Map.of(
                        "KUBECONFIG",
                        kubeconfig.toString(),
                        "AGENT_IMAGE",
                        AGENT_IMAGE,
                        "WATCH_NAMESPACES",
                        ExampleManifest.NAMESPACE,
                        "LEADER_ELECTION",
                        "false",
                        "OPERATOR_LISTEN",
                        "127.0.0.1:" + port));
    }

    private DemoProgram startProgram(String name, String url, Map<String, String> environment, String... flags)
            throws IOException {
        List<String> command =
                new ArrayList<>(List.of(checkout.resolve("bin").resolve(name).toString()));
        command.addAll(List.of(flags));
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Path log = folder.resolve("logs").resolve(name + ".log");
        ProgramProcess program = ProgramProcess.start(builder, log);
        open.add(() -> program.stop(GRACE));
        return new DemoProgram(name, url, program, log);
    }

    private NodeSimulator startNodes(KubernetesClient client, List<WolfNode> nodes) {
        var simulator = open.add(new NodeSimulator(
                client,
                nodes.stream().map(WolfNode::node).toList(),
                Map.of(AGENT_IMAGE, checkout.resolve("bin/tunnel-agent")),
                folder));
        simulator.start();
        for (WolfNode node : nodes) {
            screen.row(
                    "node " + node.name(),
                    node.node().address(),
                    "simulated: its pods are processes, its Wolf is on port " + WolfNode.PORT);
        }
        return simulator;
    }

    /** Leaves nothing of the demo in a real cluster. */
    private static void cleanUp(KubernetesClient client, ExampleManifest example, NodeSimulator simulator)
            throws InterruptedException {
        try {
            example.delete(client);
            Await.until("no pod is left", Duration.ofSeconds(20), List.of(), () -> client.pods()
                    .inNamespace(ExampleManifest.NAMESPACE)
                    .list()
                    .getItems()
                    .isEmpty());
        } catch (DemoFailure e) {
            simulator.close();
        }
        simulator.deregister();
    }

    private void write(String name, Secret secret) throws IOException {
        Path file = Files.createFile(
                folder.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, secret.reveal());
    }

    private static Secret randomSecret() {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        return Secret.of(HexFormat.of().formatHex(random));
    }
}

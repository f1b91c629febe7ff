package ml.helix.wolf.playground.demo;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.playground.api.EmbeddedApi;
import ml.helix.wolf.playground.node.NodeSimulator;
import ml.helix.wolf.playground.node.ProcessLauncher;
import ml.helix.wolf.playground.node.SimulatedNode;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.FreePort;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the story needs, running: the API server, the control plane and the operator as processes, the network
 * before the control plane, two nodes with a Wolf each.
 *
 * <p>One thread starts it; {@link #close()} may come from another at any time, and ends whatever was started by then, the
 * last first.
 */
final class World implements AutoCloseable {
    private static final String AGENT_IMAGE = "wolf-tunnel-agent:this-checkout";
    private static final Map<String, String> GPU = Map.of("nvidia.com/gpu.present", "true");
    private static final Map<String, String> SIMULATED = Map.of("wolf.helix.ml/simulated", "true");

    private final Path checkout;
    private final Path folder;
    private final DemoSettings settings;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Secret runnerToken = secret();
    private final Secret adminToken = secret();

    /** Guarded by this; what is to be closed, in the order of its start. */
    private final List<AutoCloseable> parts = new ArrayList<>();
    /** Guarded by this. */
    private boolean closed;

    private @Nullable KubernetesClient client;
    private @Nullable Uplink uplink;
    private @Nullable ChildProcess controlPlane;
    private @Nullable ChildProcess operator;
    private @Nullable NodeSimulator simulator;
    private @Nullable Caller caller;
    private final List<NodeWolf> nodes = new ArrayList<>();

    World(Path checkout, Path folder, DemoSettings settings) {
        this.checkout = checkout;
        this.folder = folder;
        this.settings = settings;
    }

    /** Starts the parts, each named on the screen with where it is. */
    void start(Screen screen) throws NotSeen, IOException, InterruptedException {
        for (int i = 1; i <= 2; i++) {
            nodes.add(opened(NodeWolf.start("gpu-" + i, labels())));
        }
        write("runner-token", runnerToken);
        write("admin-token", adminToken);
        Files.createDirectories(folder.resolve("logs"));

        String atControlPlane = startControlPlane();
        Path kubeconfig = startApi(screen);
        String atOperator = startOperator(kubeconfig);
        awaitReady(screen, controlPlane(), atControlPlane);
        awaitReady(screen, operator(), atOperator);
        startNodes(screen);
    }

    private Path startApi(Screen screen) throws NotSeen, IOException {
        Path kubeconfig;
        if (settings.kubeconfig().isPresent()) {
            kubeconfig = kubeconfig();
            client = opened(new KubernetesClientBuilder()
                    .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                    .build());
            requireOwnNodes();
            screen.entry("API server", client.getMasterUrl().toString().replaceAll("/$", ""), "real, of " + kubeconfig);
        } else {
            EmbeddedApi api = opened(EmbeddedApi.start());
            client = opened(api.client());
            kubeconfig = kubeconfig();
            api.writeKubeconfig(kubeconfig);
            screen.entry("API server", api.url(), "embedded: Fabric8's mock server, in this process");
        }
        client.resource(Serialization.unmarshal(
                        Serialization.asJson(TunnelTable.definition()), CustomResourceDefinition.class))
                .fieldManager("demo")
                .forceConflicts()
                .serverSideApply();
        return kubeconfig;
    }

    /** A real cluster may have nodes of these names that are no business of a demo's. */
    private void requireOwnNodes() throws NotSeen {
        try {
            for (NodeWolf node : nodes) {
                var known = client().nodes().withName(node.name()).get();
                if (known != null && !known.getMetadata().getLabels().keySet().containsAll(SIMULATED.keySet())) {
                    throw new NotSeen("this cluster has a node " + node.name() + " of its own", List.of());
                }
            }
        } catch (KubernetesClientException e) {
            throw new NotSeen("the cluster of --kubeconfig can't be used: " + e.getMessage(), List.of());
        }
    }

    private String startControlPlane() throws IOException {
        int port = FreePort.choose();
        controlPlane = opened(ChildProcess.start(
                List.of(
                        bin("control-plane"),
                        "-listen=127.0.0.1:" + port,
                        "-runner-token-file=" + folder.resolve("runner-token"),
                        "-admin-token-file=" + folder.resolve("admin-token"),
                        "-grace=1"),
                Map.of(),
                log("control-plane")));
        uplink = opened(Uplink.start(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port)));
        String url = "http://127.0.0.1:" + port;
        caller = new Caller(http, url, adminToken);
        return url;
    }

    private String startOperator(Path kubeconfig) throws IOException {
        int port = FreePort.choose();
        operator = opened(ChildProcess.start(
                List.of(bin("operator")),
                Map.of(
                        "KUBECONFIG",
                        kubeconfig.toString(),
                        "AGENT_IMAGE",
                        AGENT_IMAGE,
                        "WATCH_NAMESPACES",
                        Example.NAMESPACE,
                        "LEADER_ELECTION",
                        "false",
                        "OPERATOR_LISTEN",
                        "127.0.0.1:" + port),
                log("operator")));
        return "http://127.0.0.1:" + port;
    }

    private void awaitReady(Screen screen, ChildProcess program, String url) throws NotSeen, InterruptedException {
        program.awaitReady(http, url + "/readyz");
        screen.entry(program.name(), url, "bin/" + program.name() + ", process " + program.pid());
    }

    private void startNodes(Screen screen) {
        List<SimulatedNode> simulated = nodes.stream().map(NodeWolf::node).toList();
        var launcher = new ProcessLauncher(Map.of(AGENT_IMAGE, checkout.resolve("bin/tunnel-agent")));
        simulator = opened(new NodeSimulator(client(), simulated, launcher, folder, Duration.ofSeconds(10)));
        simulator.start();
        for (NodeWolf node : nodes) {
            screen.entry(
                    "node " + node.name(),
                    node.node().address(),
                    "simulated; its pods are processes, its Wolf is on port " + NodeWolf.PORT);
        }
        if (settings.kubeconfig().isPresent()) {
            opened(this::tidy);
        }
    }

    /** Leaves nothing in a cluster that lives on. */
    private void tidy() throws IOException, InterruptedException {
        try {
            example().delete(client());
            Await.until("no pod left", Duration.ofSeconds(20), List.of(), () -> Optional.of(true)
                    .filter(yes -> client().pods()
                            .inNamespace(Example.NAMESPACE)
                            .list()
                            .getItems()
                            .isEmpty()));
        } catch (NotSeen e) {
            closeQuietly(simulator());
        }
        simulator().deregister();
    }

    /** The example, led to this control plane. */
    Example example() throws IOException {
        boolean real = settings.kubeconfig().isPresent();
        return Example.read(checkout, uplink().url(), runnerToken, real ? labels() : Map.of());
    }

    List<NodeWolf> nodes() {
        return List.copyOf(nodes);
    }

    KubernetesClient client() {
        return started(client);
    }

    Uplink uplink() {
        return started(uplink);
    }

    Caller caller() {
        return started(caller);
    }

    NodeSimulator simulator() {
        return started(simulator);
    }

    ChildProcess controlPlane() {
        return started(controlPlane);
    }

    ChildProcess operator() {
        return started(operator);
    }

    /** Whether the API server is the embedded one. */
    boolean embedded() {
        return settings.kubeconfig().isEmpty();
    }

    /** What leads kubectl to the API server. */
    Path kubeconfig() {
        return settings.kubeconfig().orElse(folder.resolve("kubeconfig"));
    }

    /** Every log, the agents' first. */
    List<Path> logs() {
        List<Path> logs = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(file -> file.toString().endsWith(".log")).forEach(logs::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        logs.sort(Comparator.comparing(file -> !file.toString().contains("pods")));
        return logs;
    }

    /** Ends every part, the last started first. Idempotent; blocks until all have ended. */
    @Override
    public void close() {
        List<AutoCloseable> ending;
        synchronized (this) {
            closed = true;
            ending = new ArrayList<>(parts).reversed();
            parts.clear();
        }
        for (AutoCloseable part : ending) {
            try {
                closeQuietly(part);
            } catch (IllegalStateException e) {
                // Told by nobody else; what was started before it has to end all the same.
                System.err.println("demo: " + e.getMessage() + ": " + e.getCause());
            }
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        synchronized (this) {
            if (!closed) {
                parts.add(part);
                return part;
            }
        }
        closeQuietly(part);
        throw new IllegalStateException("The demo is ending");
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            throw new IllegalStateException("Cannot close " + part, e);
        }
    }

    private static <T> T started(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("Not started yet");
        }
        return part;
    }

    private Map<String, String> labels() {
        return settings.kubeconfig().isPresent() ? SIMULATED : both(GPU, SIMULATED);
    }

    private static Map<String, String> both(Map<String, String> first, Map<String, String> second) {
        var all = new HashMap<>(first);
        all.putAll(second);
        return all;
    }

    private String bin(String program) {
        return checkout.resolve("bin").resolve(program).toString();
    }

    private Path log(String program) {
        return folder.resolve("logs").resolve(program + ".log");
    }

    private void write(String name, Secret secret) throws IOException {
        Path file = Files.createFile(
                folder.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, secret.reveal());
    }

    private static Secret secret() {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        return Secret.of(HexFormat.of().formatHex(random));
    }
}

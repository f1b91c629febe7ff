package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.playground.api.EmbeddedApi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NodeSimulatorIT {
    private static final String SET = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: d, namespace: wolf}
            spec:
              template:
                metadata: {labels: {app: agent}}
                spec:
                  nodeSelector: {gpu: "yes"}
                  terminationGracePeriodSeconds: 5
                  volumes: [{name: token, secret: {secretName: wolf-token}}]
                  containers:
                  - name: agent
                    image: agent:1
                    args: ["-local", "$(NODE_IP):8080"]
                    volumeMounts: [{name: token, mountPath: /run/token}]
                    env:
                    - {name: NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                    - {name: WOLF_ID, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                    - {name: RUNNER_TOKEN, valueFrom: {secretKeyRef: {name: wolf-token, key: token}}}
                    - {name: RUNNER_TOKEN_FILE, value: /run/token/token}
            """;
    private static final String SECRET = """
            apiVersion: v1
            kind: Secret
            metadata: {name: wolf-token, namespace: wolf}
            stringData: {token: hush}
            """;

    private final EmbeddedApi api = EmbeddedApi.start();
    private final KubernetesClient client = api.client();
    private final StubLauncher launcher = new StubLauncher();

    @TempDir
    private Path folder;

    private NodeSimulator simulator;

    @BeforeEach
    void start() {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("wolf")
                        .endMetadata()
                        .build())
                .create();
        client.load(WolfTunnel.class.getResourceAsStream("/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml"))
                .serverSideApply();
        simulator = new NodeSimulator(
                client,
                List.of(
                        new SimulatedNode("gpu-1", "127.0.0.1", Map.of("gpu", "yes"), List.of()),
                        new SimulatedNode("cpu-1", "127.0.0.2", Map.of(), List.of())),
                launcher,
                folder,
                Duration.ofMillis(50));
        simulator.start();
    }

    @AfterEach
    void end() {
        simulator.close();
        client.close();
        api.close();
    }

    @Test
    void aDaemonSetRunsAContainerPerFittingNodeWithItsEnvironmentResolved() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET, DaemonSet.class);

        ContainerCommand command = launcher.next().command;

        assertThat(command.image()).isEqualTo("agent:1");
        assertThat(command.arguments()).containsExactly("-local", "127.0.0.1:8080");
        assertThat(command.environment()).containsEntry("RUNNER_TOKEN", "hush").containsEntry("WOLF_ID", command.pod());
        assertThat(Path.of(command.environment().get("RUNNER_TOKEN_FILE"))).hasContent("hush");
        assertThat(command.toString()).doesNotContain("hush");

        await("the pod is ready", () -> pod(DaemonSetPlan::ready));
        Pod pod = pods().getFirst();
        assertThat(pod.getSpec().getNodeName()).isEqualTo("gpu-1");
        assertThat(pod.getStatus().getPodIP()).isEqualTo("127.0.0.1");
        await(
                "the DaemonSet counts it",
                () -> set().getStatus() != null
                        && Integer.valueOf(1).equals(set().getStatus().getNumberReady())
                        && Integer.valueOf(1).equals(set().getStatus().getDesiredNumberScheduled()));
        assertThat(client.nodes().list().getItems()).hasSize(2);
    }

    @Test
    void aContainerWaitsForItsSecretAndStartsOnceItIsThere() throws Exception {
        apply(SET, DaemonSet.class);
        await(
                "the pod says what is missing",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getState().getWaiting() != null)
                        .filter(status -> String.valueOf(
                                        status.getState().getWaiting().getMessage())
                                .contains("secret \"wolf-token\" not found"))
                        .isPresent()));

        apply(SECRET, Secret.class);

        assertThat(launcher.next().command.environment()).containsEntry("RUNNER_TOKEN", "hush");
    }

    @Test
    void aContainerThatEndsIsStartedAgainAndCounted() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET, DaemonSet.class);

        launcher.next().exit.complete(137);
        StubContainer second = launcher.next();
        await(
                "the restart shows",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getRestartCount() == 1)
                        .filter(status -> status.getLastState().getTerminated().getExitCode() == 137)
                        .filter(ContainerStatus::getReady)
                        .isPresent()));

        second.exit.complete(1);
        launcher.next();
        await(
                "the next one too",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getRestartCount() == 2)
                        .isPresent()));
    }

    @Test
    void readinessFollowsTheProbeAndAFailedLivenessProbeEndsTheContainer() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        var healthy = new ConcurrentHashMap<>(Map.of("/livez", 200, "/readyz", 503));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(healthy.get(exchange.getRequestURI().getPath()), -1);
            exchange.close();
        });
        server.start();
        try {
            apply(SECRET, Secret.class);
            apply(SET + """
                    ports: [{name: status, containerPort: %d}]
                    livenessProbe:
                      {httpGet: {path: /livez, port: status}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
                    readinessProbe:
                      {httpGet: {path: /readyz, port: status}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1}
                    """.formatted(server.getAddress().getPort()).indent(8), DaemonSet.class);
            StubContainer container = launcher.next();
            await(
                    "it runs",
                    () -> pod(pod -> status(pod)
                            .filter(status -> status.getState().getRunning() != null)
                            .isPresent()));
            assertThat(DaemonSetPlan.ready(pods().getFirst())).isFalse();

            healthy.put("/readyz", 200);
            await("it is ready", () -> pod(DaemonSetPlan::ready));

            healthy.put("/livez", 500);
            assertThat(container.terminated.get(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aChangedTemplateReplacesThePodAndOnlyAfterItEnded() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET, DaemonSet.class);
        StubContainer first = launcher.next();
        await("ready", () -> pod(DaemonSetPlan::ready));

        apply(SET.replace("app: agent", "app: changed"), DaemonSet.class);

        StubContainer second = launcher.next();
        assertThat(first.terminated).isDone();
        assertThat(second.command.pod()).isNotEqualTo(first.command.pod());
        await(
                "one updated pod",
                () -> pods().size() == 1
                        && Integer.valueOf(1).equals(set().getStatus().getUpdatedNumberScheduled()));
    }

    @Test
    void aDeletedDaemonSetLeavesNothingRunningNotEvenWhatIgnoresTermination() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET.replace("terminationGracePeriodSeconds: 5", "terminationGracePeriodSeconds: 1"), DaemonSet.class);
        StubContainer container = launcher.next();
        container.stubborn = true;

        client.resource(set()).delete();

        assertThat(container.exit.get(20, TimeUnit.SECONDS)).isEqualTo(137);
        await("no pod left", () -> pods().isEmpty());
    }

    @Test
    void anUnknownImageIsNotStarted() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET.replace("agent:1", "nothing:1"), DaemonSet.class);

        await(
                "the pod says so",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getState().getWaiting() != null)
                        .filter(status -> "ImagePullBackOff"
                                .equals(status.getState().getWaiting().getReason()))
                        .isPresent()));
    }

    @Test
    void aChangedSecretReachesTheMountedFile() throws Exception {
        apply(SECRET, Secret.class);
        apply(SET, DaemonSet.class);
        Path file = Path.of(launcher.next().command.environment().get("RUNNER_TOKEN_FILE"));

        apply(SECRET.replace("hush", "changed"), Secret.class);

        await("the file has it", () -> {
            try {
                return Files.readString(file).equals("changed");
            } catch (IOException e) {
                return false;
            }
        });
    }

    private <T extends HasMetadata> void apply(String yaml, Class<T> type) {
        client.resource(Serialization.unmarshal(yaml, type))
                .fieldManager("test")
                .forceConflicts()
                .serverSideApply();
    }

    private List<Pod> pods() {
        return client.pods().inNamespace("wolf").list().getItems();
    }

    private boolean pod(Predicate<Pod> predicate) {
        return pods().stream().anyMatch(predicate);
    }

    private static Optional<ContainerStatus> status(Pod pod) {
        return Optional.ofNullable(pod.getStatus())
                .flatMap(status -> status.getContainerStatuses().stream().findFirst());
    }

    private DaemonSet set() {
        return client.apps().daemonSets().inNamespace("wolf").withName("d").get();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static final class StubContainer implements ContainerLauncher.Running {
        private final ContainerCommand command;
        private final CompletableFuture<Integer> exit = new CompletableFuture<>();
        private final CompletableFuture<Boolean> terminated = new CompletableFuture<>();
        private volatile boolean stubborn;

        private StubContainer(ContainerCommand command) {
            this.command = command;
        }

        @Override
        public CompletableFuture<Integer> exit() {
            return exit;
        }

        @Override
        public void terminate() {
            terminated.complete(true);
            if (!stubborn) {
                exit.complete(0);
            }
        }

        @Override
        public void kill() {
            exit.complete(137);
        }
    }

    private static final class StubLauncher implements ContainerLauncher {
        private final BlockingQueue<StubContainer> started = new LinkedBlockingQueue<>();

        @Override
        public Optional<Running> start(ContainerCommand command) {
            if (!command.image().startsWith("agent:")) {
                return Optional.empty();
            }
            StubContainer container = new StubContainer(command);
            started.add(container);
            return Optional.of(container);
        }

        StubContainer next() throws InterruptedException {
            StubContainer container = started.poll(20, TimeUnit.SECONDS);
            assertThat(container).as("a container that was started").isNotNull();
            return container;
        }
    }
}

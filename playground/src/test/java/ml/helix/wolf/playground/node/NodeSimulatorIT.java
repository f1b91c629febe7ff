package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
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
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.playground.api.EmbeddedApi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A script stands for the agent: it writes its arguments and environment to a file named by its process id. */
@Timeout(60)
class NodeSimulatorIT {
    private static final String DAEMON_SET = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: d, namespace: wolf}
            spec:
              template:
                metadata: {labels: {app: agent}}
                spec:
                  nodeSelector: {gpu: "yes"}
                  terminationGracePeriodSeconds: 5
                  containers:
                  - name: agent
                    image: agent:1
                    args: ["-local", "$(NODE_IP):8080"]
                    env:
                    - {name: NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                    - {name: WOLF_ID, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                    - {name: RUNNER_TOKEN, valueFrom: {secretKeyRef: {name: wolf-token, key: token}}}
            """;
    private static final String SECRET = """
            apiVersion: v1
            kind: Secret
            metadata: {name: wolf-token, namespace: wolf}
            stringData: {token: hush}
            """;
    private static final String INHERITED = "PATH|HOME|JAVA_HOME|LANG|TMPDIR|TUNNEL_AGENT_JAVA_OPTS";

    private final EmbeddedApi api = EmbeddedApi.start();
    private final KubernetesClient client = api.client();
    private final Set<Path> seen = new HashSet<>();

    @TempDir
    private Path folder;

    private NodeSimulator simulator;

    @BeforeEach
    void start() throws IOException {
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
                        new SimulatedNode("gpu-1", "127.0.0.1", Map.of("gpu", "yes")),
                        new SimulatedNode("cpu-1", "127.0.0.2", Map.of())),
                Map.of("agent:1", script("agent", "exec sleep 300"), "agent:stubborn", script("stubborn", """
                        trap '' TERM
                        while :; do sleep 0.1; done""")),
                folder);
        simulator.start();
    }

    private Path script(String name, String body) throws IOException {
        Path script = Files.writeString(folder.resolve(name), """
                #!/bin/sh
                { echo "args: $*"; env; } > %1$s/$$.tmp
                mv %1$s/$$.tmp %1$s/$$.started
                %2$s
                """.formatted(folder, body));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script;
    }

    @AfterEach
    void end() {
        simulator.close();
        client.close();
        api.close();
    }

    @Test
    void aDaemonSetRunsAProcessOnEachMatchingNodeWithItsEnvironmentResolved() throws Exception {
        apply(SECRET, Secret.class);
        apply(DAEMON_SET, DaemonSet.class);

        List<String> printed = nextProcess().printed();
        await("the pod is ready", () -> pod(DaemonSetPlan::ready));
        Pod pod = pods().getFirst();

        assertThat(printed)
                .contains(
                        "args: -local 127.0.0.1:8080",
                        "RUNNER_TOKEN=hush",
                        "WOLF_ID=" + pod.getMetadata().getName());
        assertThat(printed)
                .filteredOn(line -> line.contains("=") && !line.matches("(PWD|SHLVL|_|OLDPWD)=.*"))
                .allMatch(line -> line.matches("(" + INHERITED + "|NODE_IP|WOLF_ID|RUNNER_TOKEN)=.*"));
        assertThat(pod.getSpec().getNodeName()).isEqualTo("gpu-1");
        assertThat(pod.getStatus().getPodIP()).isEqualTo("127.0.0.1");
        await(
                "the DaemonSet counts it",
                () -> daemonSet().getStatus() != null
                        && Integer.valueOf(1).equals(daemonSet().getStatus().getNumberReady())
                        && Integer.valueOf(1).equals(daemonSet().getStatus().getDesiredNumberScheduled()));
        assertThat(client.nodes().list().getItems()).hasSize(2);
    }

    @Test
    void aContainerWaitsForItsSecretAndStartsWhenThatExists() throws Exception {
        apply(DAEMON_SET, DaemonSet.class);
        await(
                "the pod says what is missing",
                () -> waits("CreateContainerConfigError", "secret \"wolf-token\" not found"));

        apply(SECRET, Secret.class);

        assertThat(nextProcess().printed()).contains("RUNNER_TOKEN=hush");
    }

    @Test
    void aContainerThatEndsIsStartedAgainAndCounted() throws Exception {
        apply(SECRET, Secret.class);
        apply(DAEMON_SET, DaemonSet.class);

        nextProcess().handle().destroyForcibly();
        Started second = nextProcess();
        await(
                "the pod counts the restart",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getRestartCount() == 1)
                        .filter(status -> status.getLastState().getTerminated().getExitCode() == 137)
                        .filter(ContainerStatus::getReady)
                        .isPresent()));

        second.handle().destroyForcibly();
        nextProcess();
        await(
                "the pod counts the second restart",
                () -> pod(pod -> status(pod)
                        .filter(status -> status.getRestartCount() == 2)
                        .isPresent()));
    }

    @Test
    void readinessFollowsTheProbe() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        var answer = new AtomicInteger(503);
        server.createContext("/readyz", exchange -> {
            exchange.sendResponseHeaders(answer.get(), -1);
            exchange.close();
        });
        server.start();
        try {
            apply(SECRET, Secret.class);
            apply(DAEMON_SET + """
                    readinessProbe:
                      {httpGet: {path: /readyz, port: %d}, periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 2}
                    """.formatted(server.getAddress().getPort()).indent(8), DaemonSet.class);
            await(
                    "the container runs",
                    () -> pod(pod -> status(pod)
                            .filter(status -> status.getState().getRunning() != null)
                            .isPresent()));
            assertThat(DaemonSetPlan.ready(pods().getFirst())).isFalse();

            answer.set(200);
            await("the pod is ready", () -> pod(DaemonSetPlan::ready));

            answer.set(503);
            await("the pod is not ready", () -> !pod(DaemonSetPlan::ready));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aChangedTemplateReplacesThePodOnlyAfterItEnded() throws Exception {
        apply(SECRET, Secret.class);
        apply(DAEMON_SET, DaemonSet.class);
        Started first = nextProcess();
        await("the pod is ready", () -> pod(DaemonSetPlan::ready));
        String name = pods().getFirst().getMetadata().getName();

        apply(DAEMON_SET.replace("app: agent", "app: changed"), DaemonSet.class);

        nextProcess();
        assertThat(first.handle().isAlive()).isFalse();
        await(
                "one updated pod",
                () -> pods().size() == 1
                        && Integer.valueOf(1).equals(daemonSet().getStatus().getUpdatedNumberScheduled()));
        assertThat(pods().getFirst().getMetadata().getName()).isNotEqualTo(name);
    }

    @Test
    void aDeletedDaemonSetLeavesNothingRunningNotEvenAProcessThatIgnoresSigterm() throws Exception {
        apply(SECRET, Secret.class);
        apply(
                DAEMON_SET
                        .replace("agent:1", "agent:stubborn")
                        .replace("terminationGracePeriodSeconds: 5", "terminationGracePeriodSeconds: 1"),
                DaemonSet.class);
        Started process = nextProcess();

        client.resource(daemonSet()).delete();

        await("no pod is left", () -> pods().isEmpty());
        assertThat(process.handle().isAlive()).isFalse();
    }

    @Test
    void aDeletedWolfTunnelTakesItsDaemonSetAndPodsAlong() throws Exception {
        apply(SECRET, Secret.class);
        var resource = client.resource(Serialization.unmarshal("""
                apiVersion: wolf.helix.ml/v1alpha1
                kind: WolfTunnel
                metadata: {name: w, namespace: wolf}
                spec:
                  controlPlane: {url: "https://helix.example.com"}
                  runnerToken: {secretRef: {name: wolf-token}}
                """, GenericKubernetesResource.class));
        String uid = resource.create().getMetadata().getUid();
        apply(DAEMON_SET.replace("namespace: wolf}", """
                        namespace: wolf, ownerReferences:
                              [{apiVersion: wolf.helix.ml/v1alpha1, kind: WolfTunnel, name: w, uid: %s}]}""".formatted(uid)), DaemonSet.class);
        Started process = nextProcess();

        resource.delete();

        await("no pod is left", () -> pods().isEmpty());
        assertThat(process.handle().isAlive()).isFalse();
        assertThat(client.apps().daemonSets().inNamespace("wolf").list().getItems())
                .isEmpty();
    }

    @Test
    void anUnknownImageAndAVolumeKeepTheContainerWaiting() throws Exception {
        apply(SECRET, Secret.class);
        apply(DAEMON_SET.replace("agent:1", "nothing:1"), DaemonSet.class);
        await("the pod names the image", () -> waits("ImagePullBackOff", "nothing:1"));

        apply(DAEMON_SET + "        volumeMounts: [{name: token, mountPath: /run/token}]\n", DaemonSet.class);
        await("the pod says that nothing is mounted", () -> waits("CreateContainerError", "mounts no volumes"));
    }

    private boolean waits(String reason, String message) {
        return pod(pod -> status(pod)
                .map(status -> status.getState().getWaiting())
                .filter(waiting -> reason.equals(waiting.getReason())
                        && String.valueOf(waiting.getMessage()).contains(message))
                .isPresent());
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

    private DaemonSet daemonSet() {
        return client.apps().daemonSets().inNamespace("wolf").withName("d").get();
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** A process that the simulator started, with what it wrote. */
    private record Started(ProcessHandle handle, List<String> printed) {}

    /** Waits for a process that no earlier call returned. */
    private Started nextProcess() throws Exception {
        await("a process is started", () -> !startedFiles().isEmpty());
        Path file = startedFiles().getFirst();
        seen.add(file);
        long pid = Long.parseLong(file.getFileName().toString().replace(".started", ""));
        return new Started(ProcessHandle.of(pid).orElseThrow(), Files.readAllLines(file));
    }

    private List<Path> startedFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".started") && !seen.contains(file))
                    .toList();
        }
    }
}

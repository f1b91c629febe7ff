package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The cluster, with operator and control plane installed from {@code manifests/}. All test classes share one installation;
 * it is removed after the last one. {@code E2E_KEEP=true} keeps it, so that a person can look at it.
 */
final class TestCluster implements AutoCloseable {
    /** The namespace of the WolfTunnels and Wolfs. */
    static final String NAMESPACE = "wolf-e2e";

    static final String OPERATOR_NAMESPACE = "wolf-system";
    static final String OPERATOR = "wolf-tunnel-operator";
    static final String RUNNER_TOKEN = "runner-token-of-the-end-to-end-tests";
    static final String ADMIN_TOKEN = "admin-token-of-the-end-to-end-tests";

    /** Passes the one TestCluster to test classes as a parameter. */
    static final class Resolver implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == TestCluster.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.GLOBAL)
                    .getOrComputeIfAbsent(TestCluster.class, key -> new TestCluster(), TestCluster.class);
        }
    }

    private final KubernetesClient client = new KubernetesClientBuilder().build();
    private final Path project = Path.of(System.getProperty("user.dir")).resolveSibling("manifests");
    private final ControlPlane controlPlane = new ControlPlane(client, ControlPlane.NAMESPACE);

    private TestCluster() {
        createNamespace(NAMESPACE);
        createNamespace(ControlPlane.NAMESPACE);
        setRunnerTokens(RUNNER_TOKEN);
        writeSecret(NAMESPACE, "wolf-token", "token", RUNNER_TOKEN);
        Command.kubectl(
                "", "apply", "-k", project.resolve(ControlPlane.MANIFESTS).toString());
        Command.kubectl("", "apply", "-k", project.resolve("operator").toString());
        allowSocketFolder();
        awaitRollout(ControlPlane.NAMESPACE, "deployment/" + ControlPlane.NAME);
        awaitRollout(OPERATOR_NAMESPACE, "deployment/" + OPERATOR);
    }

    /** Changes the parameters of the admission policy, as a cluster admin does. */
    private void allowSocketFolder() {
        Command.kubectl(
                "",
                "-n",
                OPERATOR_NAMESPACE,
                "patch",
                "configmap",
                "wolf-tunnel-policy",
                "--patch",
                "{\"data\": {\"hostPaths\": \"/var/run/wolf,/run/wolf,%s\"}}"
                        .formatted(StandInManifests.SOCKET_FOLDER));
    }

    KubernetesClient client() {
        return client;
    }

    ControlPlane controlPlane() {
        return controlPlane;
    }

    /** A folder of manifests/. */
    Path manifests(String part) {
        return project.resolve(part);
    }

    /** Applies manifests as a user does. */
    void apply(String manifests) {
        Command.kubectl(manifests, "apply", "-f", "-");
    }

    /** Applies a WolfTunnel with this name and spec (YAML, not indented); {@code close} deletes it. */
    AppliedWolfTunnel applyWolfTunnel(String name, String spec) {
        return new AppliedWolfTunnel(client, NAMESPACE, name, spec);
    }

    /** Applies a WolfTunnel in another namespace. */
    AppliedWolfTunnel applyWolfTunnel(String namespace, String name, String spec) {
        return new AppliedWolfTunnel(client, namespace, name, spec);
    }

    /** The spec of a WolfTunnel on every node, with Wolf beside the agent in its pod. */
    String sidecarSpecOnEveryNode() {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolf:
                  address: localhost:8080
                  container: %s
                """.formatted(controlPlane.url(), StandInManifests.sidecarWolf());
    }

    /** The spec of a WolfTunnel on the first node, with Wolf beside the agent in its pod. */
    String sidecarSpec() {
        return sidecarSpecOnEveryNode()
                + "pod: {nodeSelector: {kubernetes.io/hostname: %s}}\n".formatted(nodes().getFirst());
    }

    /** The spec of a WolfTunnel on the first node, to a Wolf at the node's socket; its pod has this security context. */
    String socketSpec(String securityContext) {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod:
                  nodeSelector: {kubernetes.io/hostname: %s}
                  securityContext: %s
                wolf: {address: "unix://%s/wolf.sock"}
                """.formatted(controlPlane.url(), nodes().getFirst(), securityContext, StandInManifests.SOCKET_FOLDER);
    }

    /** Writes a Secret; {@code keysAndValues} alternate. */
    void writeSecret(String namespace, String name, String... keysAndValues) {
        var secret = new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            secret.addToStringData(keysAndValues[i], keysAndValues[i + 1]);
        }
        Secret wanted = secret.build();
        client.resource(wanted).unlock().createOr(existing -> existing.update());
    }

    /** Sets the runner tokens that the control plane accepts, one a line. Its kubelet brings them into the pod later. */
    void setRunnerTokens(String runner) {
        writeSecret(ControlPlane.NAMESPACE, "wolf-control-plane-tokens", "runner", runner, "admin", ADMIN_TOKEN);
    }

    /** The pod of the operator that leads. */
    String leaderPod() {
        return client.leases()
                .inNamespace(OPERATOR_NAMESPACE)
                .withName(OPERATOR)
                .require()
                .getSpec()
                .getHolderIdentity()
                .replaceFirst("_.*", "");
    }

    /** Waits until a pod other than these leads. */
    void awaitOtherLeader(List<String> pods) {
        client.leases()
                .inNamespace(OPERATOR_NAMESPACE)
                .withName(OPERATOR)
                .waitUntilCondition(
                        lease -> {
                            String holder = lease.getSpec().getHolderIdentity();
                            return holder != null
                                    && !holder.isEmpty()
                                    && pods.stream().noneMatch(holder::contains);
                        },
                        60,
                        TimeUnit.SECONDS);
    }

    void scaleOperator(int replicas) {
        client.apps()
                .deployments()
                .inNamespace(OPERATOR_NAMESPACE)
                .withName(OPERATOR)
                .scale(replicas);
        client.pods()
                .inNamespace(OPERATOR_NAMESPACE)
                .informOnCondition(pods -> pods.size() == replicas)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    /** Applies a folder of manifests/ into a new namespace. */
    void install(String part, String namespace) {
        createNamespace(namespace);
        Command.kubectl("", "apply", "-k", project.resolve(part).toString());
    }

    void removeNamespace(String name) {
        client.namespaces().withName(name).delete();
        client.namespaces().withName(name).waitUntilCondition(namespace -> namespace == null, 120, TimeUnit.SECONDS);
    }

    /** Waits until every pod of {@code deployment/NAME} or {@code daemonset/NAME} is ready and has the newest template. */
    void awaitRollout(String namespace, String workload) {
        try {
            Command.kubectl("", "-n", namespace, "rollout", "status", workload, "--timeout=120s");
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + diagnostics(namespace), e);
        }
    }

    /** Waits until the pods that have this label now are ready. */
    void awaitPodsReady(String label, String value) {
        Command.kubectl(
                "",
                "-n",
                NAMESPACE,
                "wait",
                "--for=condition=Ready",
                "pod",
                "-l",
                label + "=" + value,
                "--timeout=60s");
    }

    /** The pods of the operator that are not terminating. */
    List<Pod> operatorPods() {
        return client
                .pods()
                .inNamespace(OPERATOR_NAMESPACE)
                .withLabel("app.kubernetes.io/name", OPERATOR)
                .list()
                .getItems()
                .stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    /** Whether the pod has condition Ready and isn't terminating. */
    static boolean isReady(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() == null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    static boolean agentRuns(Pod pod) {
        return pod.getStatus().getContainerStatuses().stream()
                .anyMatch(container -> container.getName().equals("agent")
                        && container.getState().getRunning() != null);
    }

    /** The uid of each pod with its restart counts: equal lists mean that no pod was replaced or restarted. */
    static List<String> podInstances(List<Pod> pods) {
        return pods.stream()
                .map(pod -> pod.getMetadata().getUid()
                        + pod.getStatus().getContainerStatuses().stream()
                                .map(ContainerStatus::getRestartCount)
                                .toList())
                .sorted()
                .toList();
    }

    /** Objects, events and the operator's logs, for the message of a failed test. Contains no secret. */
    static String diagnostics(String namespace) {
        var ofTheTest = Stream.of(
                "-n " + namespace + " get wolftunnels,daemonsets,pods -o wide",
                "-n " + namespace + " get events --sort-by=.lastTimestamp | tail -n 40",
                "-n " + OPERATOR_NAMESPACE + " get pods -o wide",
                "-n " + OPERATOR_NAMESPACE + " get lease " + OPERATOR + " -o jsonpath='{.spec}'",
                "-n " + OPERATOR_NAMESPACE + " get events --sort-by=.lastTimestamp | tail -n 25");
        return Stream.concat(ofTheTest, operatorLogs())
                .map(words -> "\n$ kubectl " + words + "\n" + Command.attempt("kubectl " + words))
                .collect(Collectors.joining());
    }

    /** The commands for the logs of each operator's container, and of the one before it, which fails if there was none. */
    private static Stream<String> operatorLogs() {
        var pods = Command.attempt(
                "kubectl -n %s get pods -l app.kubernetes.io/name=%s -o name".formatted(OPERATOR_NAMESPACE, OPERATOR));
        return pods.lines().flatMap(pod -> Stream.of("", " --previous")
                .map(which -> "-n " + OPERATOR_NAMESPACE + " logs --tail=60 " + pod + which));
    }

    /** The cluster IP of a Service in {@link #NAMESPACE}. */
    String serviceIp(String service) {
        return client.services()
                .inNamespace(NAMESPACE)
                .withName(service)
                .require()
                .getSpec()
                .getClusterIP();
    }

    /** Deletes a pod of {@link #NAMESPACE} and waits until it is gone. */
    void removePod(String name) {
        var pod = client.pods().inNamespace(NAMESPACE).withName(name);
        pod.delete();
        pod.waitUntilCondition(present -> present == null, 60, TimeUnit.SECONDS);
    }

    /** Waits until condition Ready of the node has this status. */
    void awaitNode(String name, String ready) {
        client.nodes()
                .withName(name)
                .waitUntilCondition(
                        node -> node.getStatus().getConditions().stream()
                                .anyMatch(condition -> condition.getType().equals("Ready")
                                        && condition.getStatus().equals(ready)),
                        60,
                        TimeUnit.SECONDS);
    }

    /** The names of the nodes, sorted. */
    List<String> nodes() {
        return client.nodes().list().getItems().stream()
                .map(node -> node.getMetadata().getName())
                .sorted()
                .toList();
    }

    /** Creates a namespace; {@link #removeNamespace} deletes it. */
    void createNamespace(String name) {
        apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n".formatted(name));
    }

    @Override
    public void close() {
        if (!"true".equals(System.getenv("E2E_KEEP"))) {
            apply(StandInManifests.removeSocketFolder(nodes().getFirst()));
            client.pods()
                    .inNamespace(NAMESPACE)
                    .withName("remove-folder")
                    .waitUntilCondition(
                            pod -> pod != null
                                    && "Succeeded".equals(pod.getStatus().getPhase()),
                            60,
                            TimeUnit.SECONDS);
            removeNamespace(NAMESPACE);
            for (String part : List.of("operator", ControlPlane.MANIFESTS)) {
                Command.kubectl(
                        "",
                        "delete",
                        "--ignore-not-found",
                        "-k",
                        project.resolve(part).toString());
            }
        }
        client.close();
    }
}

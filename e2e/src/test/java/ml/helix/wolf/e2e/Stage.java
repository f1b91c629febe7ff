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
 * The cluster with operator and control plane installed from {@code manifests/}, once for all test classes, and removed
 * after the last. {@code E2E_KEEP=true} leaves everything where it is, to be looked at.
 */
final class Stage implements AutoCloseable {
    /** Where tunnels and Wolfs are. */
    static final String NAMESPACE = "wolf-e2e";

    static final String OPERATOR_NAMESPACE = "wolf-system";
    static final String OPERATOR = "wolf-tunnel-operator";
    static final String RUNNER_TOKEN = "runner-token-of-the-end-to-end-tests";
    static final String ADMIN_TOKEN = "admin-token-of-the-end-to-end-tests";

    /** Gives tests the one stage as a parameter. */
    static final class Resolver implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Stage.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.GLOBAL)
                    .getOrComputeIfAbsent(Stage.class, key -> new Stage(), Stage.class);
        }
    }

    private final KubernetesClient client = new KubernetesClientBuilder().build();
    private final Path project = Path.of(System.getProperty("user.dir")).resolveSibling("manifests");
    private final ControlPlane controlPlane = new ControlPlane(client);

    private Stage() {
        namespace(NAMESPACE);
        namespace(ControlPlane.NAMESPACE);
        controlPlaneTokens(RUNNER_TOKEN);
        secret(NAMESPACE, "wolf-token", "token", RUNNER_TOKEN);
        Command.kubectl("", "apply", "-k", project.resolve("control-plane").toString());
        Command.kubectl("", "apply", "-k", project.resolve("operator").toString());
        allowSocketFolder();
        rolledOut(ControlPlane.NAMESPACE, "deployment/" + ControlPlane.NAME);
        rolledOut(OPERATOR_NAMESPACE, "deployment/" + OPERATOR);
    }

    /** As a cluster admin would: by the parameters of the admission policy. */
    private void allowSocketFolder() {
        Command.kubectl(
                "",
                "-n",
                OPERATOR_NAMESPACE,
                "patch",
                "configmap",
                "wolf-tunnel-policy",
                "--patch",
                "{\"data\": {\"hostPaths\": \"/var/run/wolf,/run/wolf,%s\"}}".formatted(Parts.SOCKET_FOLDER));
    }

    KubernetesClient client() {
        return client;
    }

    ControlPlane controlPlane() {
        return controlPlane;
    }

    /** Applies manifests as a user would. */
    void apply(String manifests) {
        Command.kubectl(manifests, "apply", "-f", "-");
    }

    /** Applies a WolfTunnel of this name and spec (YAML, not indented); {@code close} deletes it. */
    Tunnel tunnel(String name, String spec) {
        return new Tunnel(client, NAMESPACE, name, spec);
    }

    /** The same in another namespace. */
    Tunnel tunnel(String namespace, String name, String spec) {
        return new Tunnel(client, namespace, name, spec);
    }

    /** A tunnel on the first node, to a Wolf beside the agent in its pod. */
    String sidecar() {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod: {nodeSelector: {kubernetes.io/hostname: %s}}
                wolf:
                  address: localhost:8080
                  container: %s
                """.formatted(controlPlane.url(), nodes().getFirst(), Parts.sidecarWolf());
    }

    /** Writes a Secret, {@code keysAndValues} in turn. */
    void secret(String namespace, String name, String... keysAndValues) {
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

    /** What agents may send to the control plane, a token per line. Its pod sees it when its kubelet does. */
    void controlPlaneTokens(String runner) {
        secret(ControlPlane.NAMESPACE, "wolf-control-plane-tokens", "runner", runner, "admin", ADMIN_TOKEN);
    }

    /** The pod of the operator that leads. */
    String leader() {
        return client.leases()
                .inNamespace(OPERATOR_NAMESPACE)
                .withName(OPERATOR)
                .require()
                .getSpec()
                .getHolderIdentity()
                .replaceFirst("_.*", "");
    }

    /** Waits until an operator leads that is none of these pods. */
    void awaitLeaderBeside(List<String> pods) {
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

    /** Applies a folder of manifests/ into a namespace made for it. */
    void install(String part, String namespace) {
        namespace(namespace);
        Command.kubectl("", "apply", "-k", project.resolve(part).toString());
    }

    void removeNamespace(String name) {
        client.namespaces().withName(name).delete();
        client.namespaces().withName(name).waitUntilCondition(gone -> gone == null, 120, TimeUnit.SECONDS);
    }

    /** Waits until every pod of {@code deployment/NAME} or {@code daemonset/NAME} is ready and of its present template. */
    void rolledOut(String namespace, String workload) {
        try {
            Command.kubectl("", "-n", namespace, "rollout", "status", workload, "--timeout=120s");
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + circumstances(namespace), e);
        }
    }

    /** Waits until the pods with this label that there are by now are ready. */
    void ready(String label, String value) {
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

    /** The operator's pods that are not on their way out. */
    List<Pod> operators() {
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

    /** Whether the pod's condition Ready holds, and the pod is not on its way out. */
    static boolean isReady(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() == null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    /** Each pod's uid with its containers' restart counts: equal lists mean that none was replaced or restarted. */
    static List<String> instances(List<Pod> pods) {
        return pods.stream()
                .map(pod -> pod.getMetadata().getUid()
                        + pod.getStatus().getContainerStatuses().stream()
                                .map(ContainerStatus::getRestartCount)
                                .toList())
                .sorted()
                .toList();
    }

    /** For a test that fails: pods and events of this namespace, and the operator's last words. It has no secret in it. */
    static String circumstances(String namespace) {
        return Stream.of(
                        "-n " + namespace + " get daemonsets,pods -o wide",
                        "-n " + namespace + " get events --sort-by=.lastTimestamp | tail -n 25",
                        "-n " + OPERATOR_NAMESPACE + " get pods -o wide",
                        "-n " + OPERATOR_NAMESPACE
                                + " logs --prefix --ignore-errors --tail=25 -l app.kubernetes.io/name=" + OPERATOR)
                .map(words -> "\n$ kubectl " + words + "\n" + Command.attempt("kubectl " + words))
                .collect(Collectors.joining());
    }

    /** The cluster IP of a Service beside the tunnels. */
    String address(String service) {
        return client.services()
                .inNamespace(NAMESPACE)
                .withName(service)
                .require()
                .getSpec()
                .getClusterIP();
    }

    /** Deletes a pod beside the tunnels and waits until it is gone. */
    void removePod(String name) {
        var pod = client.pods().inNamespace(NAMESPACE).withName(name);
        pod.delete();
        pod.waitUntilCondition(gone -> gone == null, 60, TimeUnit.SECONDS);
    }

    /** Waits until the node's condition Ready has this status. */
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

    /** Names of the nodes, sorted. */
    List<String> nodes() {
        return client.nodes().list().getItems().stream()
                .map(node -> node.getMetadata().getName())
                .sorted()
                .toList();
    }

    /** Makes a namespace; {@link #removeNamespace} deletes it. */
    void namespace(String name) {
        apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n".formatted(name));
    }

    @Override
    public void close() {
        if (!"true".equals(System.getenv("E2E_KEEP"))) {
            apply(Parts.sweep(nodes().getFirst()));
            client.pods()
                    .inNamespace(NAMESPACE)
                    .withName("sweep")
                    .waitUntilCondition(
                            pod -> pod != null
                                    && "Succeeded".equals(pod.getStatus().getPhase()),
                            60,
                            TimeUnit.SECONDS);
            removeNamespace(NAMESPACE);
            for (String part : List.of("operator", "control-plane")) {
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

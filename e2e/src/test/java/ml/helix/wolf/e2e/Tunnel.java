package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/** A WolfTunnel in the cluster, seen as its admin sees it. Closing deletes it and waits until its pods are gone. */
final class Tunnel implements AutoCloseable {
    /** How long a change may take to be seen in the status. */
    private static final int SEEN_SECONDS = 15;
    /** How long pods may take to start and connect. */
    private static final int READY_SECONDS = 60;

    private final KubernetesClient client;
    private final String name;

    Tunnel(KubernetesClient client, String name, String spec) {
        this.client = client;
        this.name = name;
        spec(spec);
    }

    /** Applies another spec. */
    void spec(String spec) {
        Command.kubectl("""
                apiVersion: wolf.helix.ml/v1alpha1
                kind: WolfTunnel
                metadata: {name: %s, namespace: %s}
                spec:
                %s
                """.formatted(name, Stage.NAMESPACE, spec.strip().indent(2)), "apply", "-f", "-");
    }

    /** What {@code kubectl wait --for=condition=Ready} says. */
    void awaitReady() {
        try {
            Command.kubectl(
                    "",
                    "-n",
                    Stage.NAMESPACE,
                    "wait",
                    "--for=condition=Ready",
                    "wolftunnel/" + name,
                    "--timeout=" + READY_SECONDS + "s");
        } catch (AssertionError e) {
            throw new AssertionError(name + " is not Ready, but:\n" + Serialization.asYaml(status()), e);
        }
    }

    /** Waits until the status says this condition. */
    void awaitCondition(String type, String status, String reason) {
        await("%s=%s because of %s".formatted(type, status, reason), seen -> seen.conditions().stream()
                .anyMatch(condition -> is(condition, type, status, reason)));
    }

    private static boolean is(Condition condition, String type, String status, String reason) {
        return condition.getType().equals(type)
                && condition.getStatus().equals(status)
                && condition.getReason().equals(reason);
    }

    /** Waits until some node's tunnel has this reason. */
    void awaitNode(String reason) {
        await("a node with " + reason, seen -> seen.tunnels().stream()
                .anyMatch(tunnel -> reason.equals(tunnel.reason())));
    }

    /** Waits for a status, {@value #SEEN_SECONDS} s at most; fails with the status as it is then. */
    void await(String what, Predicate<WolfTunnelStatus> wanted) {
        try {
            resource()
                    .waitUntilCondition(
                            tunnel -> tunnel != null && tunnel.getStatus() != null && wanted.test(tunnel.getStatus()),
                            SEEN_SECONDS,
                            TimeUnit.SECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new AssertionError(
                    "After %d s %s still doesn't show %s, but:%n%s"
                            .formatted(SEEN_SECONDS, name, what, Serialization.asYaml(status())),
                    e);
        }
    }

    WolfTunnelStatus status() {
        return resource().require().getStatus();
    }

    /** The one tunnel that the status lists. */
    TunnelStatus only() {
        List<TunnelStatus> tunnels = status().tunnels();
        if (tunnels.size() != 1) {
            throw new AssertionError(name + " should have one tunnel: " + tunnels);
        }
        return tunnels.getFirst();
    }

    /** The agents' pods. */
    List<Pod> pods() {
        return agents().list().getItems();
    }

    private FilterWatchListDeletable<Pod, PodList, PodResource> agents() {
        return client.pods()
                .inNamespace(Stage.NAMESPACE)
                .withLabel("app.kubernetes.io/name", "wolf-tunnel-agent")
                .withLabel("app.kubernetes.io/instance", name);
    }

    private Resource<WolfTunnel> resource() {
        return client.resources(WolfTunnel.class).inNamespace(Stage.NAMESPACE).withName(name);
    }

    @Override
    public void close() {
        resource().delete();
        try {
            agents().informOnCondition(List::isEmpty).get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the pods of " + name + " are still there", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the pods of " + name + " ended", e);
        }
    }
}

package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/**
 * A WolfTunnel in the cluster, as its admin sees it. Its clock starts at each {@link #change}; {@link #expectStatus} waits
 * until {@value #STATUS_SECONDS} s after that. Closing deletes the WolfTunnel and waits until its pods are gone.
 */
final class AppliedWolfTunnel implements AutoCloseable {
    /** The time within which the status shows a change. */
    private static final int STATUS_SECONDS = 15;
    /** The time within which pods start and connect, or a kubelet brings a changed Secret into a pod. */
    private static final int READY_SECONDS = 120;

    private final KubernetesClient client;
    private final String namespace;
    private final String name;
    private long changedNanos = System.nanoTime();

    AppliedWolfTunnel(KubernetesClient client, String namespace, String name, String spec) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        applySpec(spec);
    }

    /** Applies another spec. */
    void applySpec(String spec) {
        Command.kubectl("""
                apiVersion: wolf.helix.ml/v1alpha1
                kind: WolfTunnel
                metadata: {name: %s, namespace: %s}
                spec:
                %s
                """.formatted(name, namespace, spec.strip().indent(2)), "apply", "-f", "-");
    }

    /**
     * Waits for condition Ready as {@code kubectl wait} does, then until each agent has reported its id, and until each pod
     * is ready, with the Wolf in it.
     */
    void awaitReady() {
        try {
            Command.kubectl(
                    "",
                    "-n",
                    namespace,
                    "wait",
                    "--for=condition=Ready",
                    "wolftunnel/" + name,
                    "--timeout=" + READY_SECONDS + "s");
        } catch (AssertionError e) {
            throw new AssertionError("%s is not Ready. It is:%n%s".formatted(name, diagnostics()), e);
        }
        startClock();
        await(
                Duration.ofSeconds(STATUS_SECONDS),
                "a wolfId in every tunnel",
                seen -> !seen.tunnels().isEmpty()
                        && seen.tunnels().stream().allMatch(tunnel -> tunnel.wolfId() != null));
        awaitPodsReady();
    }

    /** Starts the clock and makes a change that the status should show. */
    void change(Runnable change) {
        startClock();
        change.run();
    }

    /**
     * Makes a change that replaces the pods and that only an agent can report. The clock starts when a new agent runs: how long
     * the cluster takes for a pod is not the operator's.
     */
    void changePods(Runnable change) {
        List<String> before =
                pods().stream().map(pod -> pod.getMetadata().getUid()).toList();
        change.run();
        awaitPods("are not replaced", pods -> pods.stream()
                .anyMatch(pod -> !before.contains(pod.getMetadata().getUid()) && TestCluster.agentRuns(pod)));
        startClock();
    }

    void startClock() {
        changedNanos = System.nanoTime();
    }

    /** Waits until one status meets all of these, until {@value #STATUS_SECONDS} s after the change. */
    void expectStatus(StatusExpectation... expected) {
        await(Duration.ofSeconds(STATUS_SECONDS), List.of(expected));
    }

    /**
     * Waits until one status is Ready, has only connected tunnels and meets all of these, as long as pods need for it. Then
     * waits until each pod is ready, with the Wolf in it.
     */
    void expectConnected(StatusExpectation... expected) {
        var all = Stream.concat(
                Stream.of(StatusExpectation.condition("Ready", "True", "Connected"), StatusExpectation.allConnected()),
                Stream.of(expected));
        await(Duration.ofSeconds(READY_SECONDS), all.toList());
        awaitPodsReady();
    }

    /** Waits until each pod is ready and none is terminating. A tunnel can be connected before: its Wolf may come later. */
    void awaitPodsReady() {
        awaitPods("are not all ready", pods -> !pods.isEmpty() && pods.stream().allMatch(TestCluster::isReady));
    }

    /** Waits until one status meets all of these, as long as pods and kubelets need for it. */
    void expectStatusEventually(StatusExpectation... expected) {
        await(Duration.ofSeconds(READY_SECONDS), List.of(expected));
    }

    void expectStatusWithin(int seconds, StatusExpectation... expected) {
        await(Duration.ofSeconds(seconds), List.of(expected));
    }

    private void await(Duration limit, List<StatusExpectation> expected) {
        String text = expected.stream().map(StatusExpectation::text).collect(Collectors.joining("; "));
        await(limit, text, status -> expected.stream()
                .allMatch(each -> each.isMet().test(status)));
        System.out.printf("e2e: %-22s %6.1f s  %s%n", name, sinceChange() / 1000.0, text);
    }

    private void await(Duration limit, String text, Predicate<WolfTunnelStatus> isMet) {
        try {
            resource()
                    .waitUntilCondition(
                            resource -> resource != null && isOfThisSpec(resource) && isMet.test(resource.getStatus()),
                            Math.max(1, limit.toMillis() - sinceChange()),
                            TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new AssertionError(
                    "%d s after the change the status of %s doesn't show: %s. It is:%n%s"
                            .formatted(limit.toSeconds(), name, text, diagnostics()),
                    e);
        }
    }

    /** A status of an earlier spec doesn't count. */
    private static boolean isOfThisSpec(WolfTunnel resource) {
        return resource.getStatus() != null
                && resource.getMetadata()
                        .getGeneration()
                        .equals(resource.getStatus().observedGeneration());
    }

    /** Milliseconds since the last change. */
    private long sinceChange() {
        return (System.nanoTime() - changedNanos) / 1_000_000;
    }

    WolfTunnelStatus status() {
        return resource().require().getStatus();
    }

    /** Changes with every write to the WolfTunnel or its status. */
    String resourceVersion() {
        return resource().require().getMetadata().getResourceVersion();
    }

    /** The only tunnel in the status. */
    TunnelStatus onlyTunnel() {
        List<TunnelStatus> tunnels = status().tunnels();
        if (tunnels.size() != 1) {
            throw new AssertionError(name + " should have one tunnel: " + tunnels);
        }
        return tunnels.getFirst();
    }

    /** The DaemonSet of the agents. */
    DaemonSet daemonSet() {
        return client.apps()
                .daemonSets()
                .inNamespace(namespace)
                .withName(name + "-tunnel-agent")
                .require();
    }

    /** Waits until the DaemonSet meets the condition, for {@value #STATUS_SECONDS} s at most. */
    void awaitDaemonSet(String what, Predicate<DaemonSet> condition) {
        try {
            client.apps()
                    .daemonSets()
                    .inNamespace(namespace)
                    .withName(name + "-tunnel-agent")
                    .waitUntilCondition(
                            present -> present != null && condition.test(present), STATUS_SECONDS, TimeUnit.SECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new AssertionError("the DaemonSet of %s doesn't get %s:%n%s".formatted(name, what, diagnostics()), e);
        }
    }

    /** The image of the agent's container. */
    static String agentImage(DaemonSet daemonSet) {
        return daemonSet.getSpec().getTemplate().getSpec().getContainers().stream()
                .filter(container -> container.getName().equals("agent"))
                .findFirst()
                .orElseThrow()
                .getImage();
    }

    /** Every DaemonSet with the label of this WolfTunnel. */
    List<DaemonSet> daemonSets() {
        return client.apps()
                .daemonSets()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/instance", name)
                .list()
                .getItems();
    }

    /** The agents' pods. */
    List<Pod> pods() {
        return agents().list().getItems();
    }

    /** The agents' pods with their restart counts: equal lists mean that no pod was replaced or restarted. */
    List<String> podInstances() {
        return TestCluster.podInstances(pods());
    }

    /** Nudges the kubelets of the agents' pods. */
    KubeletNudge nudgeKubelets() {
        return new KubeletNudge(client, this::pods);
    }

    private String diagnostics() {
        WolfTunnel present = resource().get();
        return (present == null ? "gone" : Serialization.asYaml(present.getStatus()))
                + TestCluster.diagnostics(namespace);
    }

    private FilterWatchListDeletable<Pod, PodList, PodResource> agents() {
        return client.pods()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/name", "wolf-tunnel-agent")
                .withLabel("app.kubernetes.io/instance", name);
    }

    private Resource<WolfTunnel> resource() {
        return client.resources(WolfTunnel.class).inNamespace(namespace).withName(name);
    }

    @Override
    public void close() {
        resource().delete();
        awaitPods("are still there", List::isEmpty);
    }

    private void awaitPods(String otherwise, Predicate<List<Pod>> condition) {
        CompletableFuture<List<Pod>> pods = agents().informOnCondition(condition);
        try {
            pods.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the pods of %s %s:%n%s".formatted(name, otherwise, diagnostics()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the pods of " + name + " were awaited", e);
        } finally {
            pods.cancel(true);
        }
    }
}

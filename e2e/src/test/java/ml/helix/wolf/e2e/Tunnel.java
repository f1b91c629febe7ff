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
 * A WolfTunnel in the cluster, seen as its admin sees it. Its clock runs from the last {@link #change}: what {@link #shows}
 * waits for must be there {@value #SEEN_SECONDS} s after it. Closing deletes it and waits until its pods are gone.
 */
final class Tunnel implements AutoCloseable {
    /** How long a change may take to be seen in the status. */
    private static final int SEEN_SECONDS = 15;
    /** How long pods may take to start and connect, and a kubelet to bring a changed Secret into a pod. */
    private static final int READY_SECONDS = 120;

    private final KubernetesClient client;
    private final String namespace;
    private final String name;
    private long changed = System.nanoTime();

    Tunnel(KubernetesClient client, String namespace, String name, String spec) {
        this.client = client;
        this.namespace = namespace;
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
                """.formatted(name, namespace, spec.strip().indent(2)), "apply", "-f", "-");
    }

    /**
     * What {@code kubectl wait --for=condition=Ready} says; then each agent, connected by its readiness, has told its id, and
     * each pod is ready, a Wolf in it included.
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
            throw new AssertionError("%s is not Ready, but:%n%s".formatted(name, circumstances()), e);
        }
        startClock();
        await(
                Duration.ofSeconds(SEEN_SECONDS),
                "an id of every tunnel",
                seen -> !seen.tunnels().isEmpty()
                        && seen.tunnels().stream().allMatch(tunnel -> tunnel.wolfId() != null));
        podsAreReady();
    }

    /** Starts the clock and does something that the status should tell of. */
    void change(Runnable something) {
        startClock();
        something.run();
    }

    void startClock() {
        changed = System.nanoTime();
    }

    /** Waits until one status has all of these, until {@value #SEEN_SECONDS} s after the change. */
    void shows(Sign... signs) {
        await(Duration.ofSeconds(SEEN_SECONDS), List.of(signs));
    }

    /**
     * Waits until it is Ready, every tunnel is connected and one status has all of these; however long pods take for it. Then
     * each pod is ready, a Wolf in it included.
     */
    void recovers(Sign... signs) {
        var all = Stream.concat(
                Stream.of(Sign.condition("Ready", "True", "Connected"), Sign.allConnected()), Stream.of(signs));
        await(Duration.ofSeconds(READY_SECONDS), all.toList());
        podsAreReady();
    }

    /** Waits until each of its pods is ready, and none is on its way out. The tunnel can be up before: Wolf may come later. */
    void podsAreReady() {
        awaitPods("are not all ready", pods -> !pods.isEmpty() && pods.stream().allMatch(Stage::isReady));
    }

    /** Waits until one status has all of these, as long as a kubelet may take for its part. */
    void showsInTime(Sign... signs) {
        await(Duration.ofSeconds(READY_SECONDS), List.of(signs));
    }

    void showsWithin(int seconds, Sign... signs) {
        await(Duration.ofSeconds(seconds), List.of(signs));
    }

    private void await(Duration limit, List<Sign> signs) {
        String wanted = signs.stream().map(Sign::text).collect(Collectors.joining("; "));
        await(limit, wanted, status -> signs.stream().allMatch(sign -> sign.in().test(status)));
        System.out.printf("e2e: %-22s %6.1f s  %s%n", name, sinceChange() / 1000.0, wanted);
    }

    private void await(Duration limit, String wanted, Predicate<WolfTunnelStatus> seen) {
        try {
            resource()
                    .waitUntilCondition(
                            tunnel -> tunnel != null && isOfThisSpec(tunnel) && seen.test(tunnel.getStatus()),
                            Math.max(1, limit.toMillis() - sinceChange()),
                            TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new AssertionError(
                    "%d s after the change %s doesn't show: %s. It is:%n%s"
                            .formatted(limit.toSeconds(), name, wanted, circumstances()),
                    e);
        }
    }

    /** What was said of an earlier spec shows nothing. */
    private static boolean isOfThisSpec(WolfTunnel tunnel) {
        return tunnel.getStatus() != null
                && tunnel.getMetadata()
                        .getGeneration()
                        .equals(tunnel.getStatus().observedGeneration());
    }

    /** Milliseconds since the last change. */
    private long sinceChange() {
        return (System.nanoTime() - changed) / 1_000_000;
    }

    WolfTunnelStatus status() {
        return resource().require().getStatus();
    }

    /** Changes with every write to the tunnel or its status. */
    String resourceVersion() {
        return resource().require().getMetadata().getResourceVersion();
    }

    /** The one tunnel that the status lists. */
    TunnelStatus only() {
        List<TunnelStatus> tunnels = status().tunnels();
        if (tunnels.size() != 1) {
            throw new AssertionError(name + " should have one tunnel: " + tunnels);
        }
        return tunnels.getFirst();
    }

    /** The one DaemonSet of its agents. */
    DaemonSet daemonSet() {
        return client.apps()
                .daemonSets()
                .inNamespace(namespace)
                .withName(name + "-tunnel-agent")
                .require();
    }

    /** Waits until the DaemonSet is so, {@value #SEEN_SECONDS} s at most. */
    void awaitDaemonSet(String what, Predicate<DaemonSet> so) {
        try {
            client.apps()
                    .daemonSets()
                    .inNamespace(namespace)
                    .withName(name + "-tunnel-agent")
                    .waitUntilCondition(present -> present != null && so.test(present), SEEN_SECONDS, TimeUnit.SECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new AssertionError(
                    "the DaemonSet of %s doesn't get %s:%n%s".formatted(name, what, circumstances()), e);
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

    /** Every DaemonSet that is labelled as its own. */
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

    /** The agents' pods with their restart counts: equal lists mean that none was replaced or restarted. */
    List<String> instances() {
        return Stage.instances(pods());
    }

    /** Of its agents' pods. */
    KubeletNudge nudge() {
        return new KubeletNudge(client, this::pods);
    }

    private String circumstances() {
        WolfTunnel present = resource().get();
        return (present == null ? "gone" : Serialization.asYaml(present.getStatus())) + Stage.circumstances(namespace);
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

    private void awaitPods(String otherwise, Predicate<List<Pod>> so) {
        CompletableFuture<List<Pod>> pods = agents().informOnCondition(so);
        try {
            pods.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the pods of %s %s:%n%s".formatted(name, otherwise, circumstances()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the pods of " + name + " were waited for", e);
        } finally {
            pods.cancel(true);
        }
    }
}

package ml.helix.wolf.bench.fleet;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/** Watches the WolfTunnels and their DaemonSets and waits for what they show. Thread-safe. */
final class Statuses implements AutoCloseable {
    private final Watch tunnels;
    private final Watch daemonSets;

    /** All guarded by this. */
    private final Map<String, WolfTunnelStatus> latest = new HashMap<>();

    private final Map<String, Long> generations = new HashMap<>();
    private int writes;
    private int largest;

    Statuses(KubernetesClient client, String namespace) {
        tunnels = client.resources(WolfTunnel.class).inNamespace(namespace).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, WolfTunnel tunnel) {
                if (action == Action.ADDED || action == Action.MODIFIED) {
                    seen(tunnel);
                }
            }

            @Override
            public void onClose(WatcherException cause) {
                System.err.println("the watch ended: " + cause);
            }
        });
        daemonSets = client.apps().daemonSets().inNamespace(namespace).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, DaemonSet daemonSet) {
                seen(daemonSet);
            }

            @Override
            public void onClose(WatcherException cause) {
                System.err.println("the watch ended: " + cause);
            }
        });
    }

    private synchronized void seen(WolfTunnel tunnel) {
        var status = tunnel.getStatus();
        if (status == null || status.equals(latest.get(tunnel.getMetadata().getName()))) {
            return;
        }
        latest.put(tunnel.getMetadata().getName(), status);
        writes++;
        largest = Math.max(largest, Serialization.asJson(status).getBytes(StandardCharsets.UTF_8).length);
        notifyAll();
    }

    private synchronized void seen(DaemonSet daemonSet) {
        generations.put(
                daemonSet.getMetadata().getName(), daemonSet.getMetadata().getGeneration());
        notifyAll();
    }

    /** Blocks until the WolfTunnel's status is as wanted. */
    synchronized void await(String tunnel, String what, Duration longest, Predicate<WolfTunnelStatus> wanted)
            throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (!latest.containsKey(tunnel) || !wanted.test(latest.get(tunnel))) {
            waitForEvent(deadline, tunnel + ": " + what);
        }
    }

    synchronized void awaitGeneration(String daemonSet, long generation, Duration longest)
            throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (generations.getOrDefault(daemonSet, 0L) < generation) {
            waitForEvent(deadline, daemonSet + ": generation " + generation);
        }
    }

    private void waitForEvent(long deadline, String what) throws InterruptedException, TimeoutException {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            throw new TimeoutException(what + " was not seen in time");
        }
        wait(left);
    }

    synchronized int writes() {
        return writes;
    }

    /** The largest status in bytes, as compact JSON. */
    synchronized int largest() {
        return largest;
    }

    /** Whether the operator has observed this generation or a later one. */
    static boolean hasSeen(WolfTunnelStatus status, long generation) {
        Long observed = status.observedGeneration();
        return observed != null && observed >= generation;
    }

    static boolean ready(WolfTunnelStatus status) {
        return status.conditions().stream()
                .anyMatch(condition -> condition.getType().equals("Ready")
                        && condition.getStatus().equals("True"));
    }

    /** Whether the status has a row for the node that says so. */
    static Predicate<WolfTunnelStatus> row(String node, String state, String reason) {
        return status -> status.tunnels().stream()
                .anyMatch(row -> node.equals(row.node()) && state.equals(row.state()) && reason.equals(row.reason()));
    }

    @Override
    public void close() {
        tunnels.close();
        daemonSets.close();
    }
}

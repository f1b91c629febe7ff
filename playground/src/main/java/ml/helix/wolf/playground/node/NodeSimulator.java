package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Nodes without machines. Registers them, runs pods that are bound to them and, unless the cluster has a controller
 * manager of its own, makes a pod of each DaemonSet on each node that fits.
 *
 * <p>Thread-safe. {@link #close()} ends every container and leaves the API's objects alone.
 */
public final class NodeSimulator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeSimulator.class);
    private static final Duration RESYNC = Duration.ofSeconds(2);
    private static final Duration HEARTBEAT = Duration.ofSeconds(4);

    private final KubernetesClient client;
    private final List<SimulatedNode> nodes;
    private final Kubelets kubelets;
    private final DaemonSetController controller;
    private final Semaphore changes = new Semaphore(1);
    private final List<SharedIndexInformer<?>> informers = new CopyOnWriteArrayList<>();
    /** Set by start. */
    private @Nullable Thread control;

    private volatile boolean closed;

    /**
     * @param folder where pods' logs and volumes go
     * @param firstBackOff the wait before a crashed container's second restart; 10 s in a kubelet
     */
    public NodeSimulator(
            KubernetesClient client,
            List<SimulatedNode> nodes,
            ContainerLauncher launcher,
            Path folder,
            Duration firstBackOff) {
        this.client = client;
        this.nodes = List.copyOf(nodes);
        this.kubelets = new Kubelets(client, this.nodes, launcher, folder, firstBackOff);
        this.controller = new DaemonSetController(client, this.nodes);
    }

    /** Registers the nodes and begins to act. Once. */
    public void start() {
        nodes.forEach(this::register);
        informers.add(client.pods().inAnyNamespace().inform(new PodHandler()));
        if (hasControllers()) {
            LOG.info("This cluster has controllers of its own: only its simulated nodes' pods are run here");
            control = Thread.ofVirtual().name("node-heartbeats").start(() -> repeat(HEARTBEAT, this::beat));
            return;
        }
        informers.add(client.apps().daemonSets().inAnyNamespace().inform(new Trigger<>()));
        informers.add(client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inAnyNamespace()
                .inform(new Trigger<GenericKubernetesResource>()));
        control = Thread.ofVirtual().name("daemonset-controller").start(() -> repeat(RESYNC, this::reconcile));
    }

    /** A controller manager gives every namespace its default ServiceAccount. */
    private boolean hasControllers() {
        return client.serviceAccounts()
                        .inNamespace("default")
                        .withName("default")
                        .get()
                != null;
    }

    private void register(SimulatedNode simulated) {
        Node node = simulated.object(Instant.now());
        client.resource(node).unlock().createOr(existing -> existing.update());
        StatusPatch.write(client, node, node.getStatus());
    }

    /** Removes the nodes' objects from the API. */
    public void deregister() {
        nodes.forEach(node -> client.nodes().withName(node.name()).delete());
    }

    private void repeat(Duration atLeastEvery, Runnable task) {
        try {
            while (!closed) {
                changes.tryAcquire(atLeastEvery.toNanos(), TimeUnit.NANOSECONDS);
                changes.drainPermits();
                if (!closed) {
                    task.run();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Without it the cluster would take the nodes for lost. */
    private void beat() {
        try {
            for (SimulatedNode simulated : nodes) {
                Node node = simulated.object(Instant.now());
                StatusPatch.write(client, node, node.getStatus());
            }
        } catch (KubernetesClientException e) {
            LOG.warn("No heartbeat this time: {}", e.getMessage());
        }
    }

    private void reconcile() {
        try {
            controller.reconcile();
        } catch (KubernetesClientException e) {
            boolean raced = e.getCode() == 404 || e.getCode() == 409;
            if (!closed && !raced) {
                LOG.warn("DaemonSets not reconciled, tried again soon: {}", e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        changes.release();
        informers.forEach(SharedIndexInformer::stop);
        try {
            if (control != null) {
                control.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kubelets.close();
    }

    private class Trigger<T extends HasMetadata> implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            changes.release();
        }

        @Override
        public void onUpdate(T before, T object) {
            changes.release();
        }

        @Override
        public void onDelete(T object, boolean unknown) {
            changes.release();
        }
    }

    private final class PodHandler extends Trigger<Pod> {
        @Override
        public void onAdd(Pod pod) {
            kubelets.see(pod);
            super.onAdd(pod);
        }

        @Override
        public void onUpdate(Pod before, Pod pod) {
            kubelets.see(pod);
            super.onUpdate(before, pod);
        }

        @Override
        public void onDelete(Pod pod, boolean unknown) {
            kubelets.gone(pod);
            super.onDelete(pod, unknown);
        }
    }
}

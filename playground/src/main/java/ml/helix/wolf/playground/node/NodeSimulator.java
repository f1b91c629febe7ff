package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Nodes without machines. Registers them and runs the pods that are bound to them. In a cluster without a controller
 * manager it also makes the pods of DaemonSets.
 *
 * <p>Thread-safe. {@link #close()} ends every container and leaves the objects in the API.
 */
public final class NodeSimulator implements AutoCloseable {
    static final String FIELD_MANAGER = "node-simulator";

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
     * @param executables the executables by container image; an image without one can't be pulled
     * @param folder where the pods' logs go
     */
    public NodeSimulator(
            KubernetesClient client, List<SimulatedNode> nodes, Map<String, Path> executables, Path folder) {
        this.client = client;
        this.nodes = List.copyOf(nodes);
        this.kubelets = new Kubelets(client, this.nodes, Map.copyOf(executables), folder);
        this.controller = new DaemonSetController(client, this.nodes);
    }

    /** Registers the nodes and starts to run their pods. Call once. */
    public void start() {
        for (SimulatedNode node : nodes) {
            client.resource(node.object(Instant.now()))
                    .fieldManager(FIELD_MANAGER)
                    .forceConflicts()
                    .serverSideApply();
        }
        sendHeartbeats();
        informers.add(client.pods().inAnyNamespace().inform(new Events<>(kubelets::podChanged, kubelets::podRemoved)));
        if (hasControllerManager()) {
            LOG.info("This cluster has a controller manager: only the pods of the simulated nodes are run here");
            control = Thread.ofVirtual().name("node-heartbeats").start(() -> repeat(HEARTBEAT, this::sendHeartbeats));
            return;
        }
        informers.add(client.apps().daemonSets().inAnyNamespace().inform(new Events<DaemonSet>(set -> {}, set -> {})));
        informers.add(client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inAnyNamespace()
                .inform(new Events<GenericKubernetesResource>(resource -> {}, resource -> {})));
        control = Thread.ofVirtual().name("daemonset-controller").start(() -> repeat(RESYNC, this::reconcile));
    }

    /** A controller manager gives every namespace its default ServiceAccount. */
    private boolean hasControllerManager() {
        return client.serviceAccounts()
                        .inNamespace("default")
                        .withName("default")
                        .get()
                != null;
    }

    /** Removes the Node objects from the API. */
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

    /** Without heartbeats a cluster marks the nodes as lost. */
    private void sendHeartbeats() {
        try {
            for (SimulatedNode simulated : nodes) {
                Node node = simulated.object(Instant.now());
                StatusApply.write(client, node, node.getStatus());
            }
        } catch (KubernetesClientException e) {
            LOG.warn("Heartbeats of the simulated nodes not written: {}", e.getMessage());
        }
    }

    private void reconcile() {
        try {
            controller.reconcile();
        } catch (KubernetesClientException e) {
            boolean raced = e.getCode() == 404 || e.getCode() == 409;
            if (!closed && !raced) {
                LOG.warn("DaemonSets not reconciled, the next attempt comes soon: {}", e.getMessage());
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

    /** Passes every event on, and then triggers a reconciliation. */
    private final class Events<T extends HasMetadata> implements ResourceEventHandler<T> {
        private final Consumer<T> changed;
        private final Consumer<T> removed;

        private Events(Consumer<T> changed, Consumer<T> removed) {
            this.changed = changed;
            this.removed = removed;
        }

        @Override
        public void onAdd(T object) {
            changed.accept(object);
            changes.release();
        }

        @Override
        public void onUpdate(T before, T object) {
            onAdd(object);
        }

        @Override
        public void onDelete(T object, boolean unknown) {
            removed.accept(object);
            changes.release();
        }
    }
}

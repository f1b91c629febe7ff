package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.observed.Cordons;
import org.jspecify.annotations.Nullable;

/**
 * The cordoned nodes, and no others: one list and one watch, from the first WolfTunnel that drains them to the last. Triggers those
 * WolfTunnels when a node is cordoned or uncordoned. Thread-safe.
 */
final class CordonedNodes extends AbstractEventSource<Node, WolfTunnel> {
    private final KubernetesClient client;

    /** Guarded by this. */
    private final Set<ResourceID> users = new HashSet<>();

    /** Null without users. Guarded by this. */
    private @Nullable SharedIndexInformer<Node> informer;

    /** Guarded by this. */
    private boolean filled;

    /** Guarded by this. */
    private boolean forbidden;

    CordonedNodes(KubernetesClient client) {
        super(Node.class, "cordoned nodes");
        this.client = client;
    }

    /**
     * From now on cordons trigger the WolfTunnel, or no longer do. Doesn't block.
     *
     * @param wanted whether the WolfTunnel drains cordoned nodes
     */
    synchronized Cordons watch(ResourceID resource, boolean wanted) {
        if (!wanted) {
            users.remove(resource);
            if (users.isEmpty()) {
                end();
            }
            return new Cordons.Ignored();
        }
        users.add(resource);
        if (informer == null && isRunning()) { // a pass may be under way after the stop
            begin();
        }
        if (informer == null || !filled) {
            return forbidden ? new Cordons.Forbidden() : new Cordons.Loading();
        }
        return new Cordons.Known(informer.getStore().list().stream()
                .map(node -> node.getMetadata().getName())
                .collect(Collectors.toSet()));
    }

    private void begin() {
        var begun = client.nodes().withField("spec.unschedulable", "true").runnableInformer(0);
        begun.itemStore(new TransformingItemStore<>(CordonedNodes::nameAlone));
        begun.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Node cordoned) {
                triggerUsers();
            }

            @Override
            public void onUpdate(Node before, Node now) {}

            @Override
            public void onDelete(Node uncordoned, boolean finalStateUnknown) {
                triggerUsers();
            }
        });
        begun.exceptionHandler((everStarted, failure) -> {
            noteRefusal(begun, failure);
            return true;
        });
        informer = begun;
        filled = false;
        forbidden = false;
        begun.start().thenRun(() -> {
            synchronized (this) {
                filled = informer == begun;
            }
            triggerUsers();
        });
    }

    private void end() {
        if (informer != null) {
            informer.stop();
            informer = null;
        }
    }

    private static Node nameAlone(Node node) {
        node.getMetadata().setLabels(null);
        node.getMetadata().setAnnotations(null);
        node.setSpec(null);
        node.setStatus(null);
        return node;
    }

    private void noteRefusal(SharedIndexInformer<Node> of, Throwable failure) {
        if (!ApiErrors.isForbidden(failure)) {
            return;
        }
        synchronized (this) {
            if (forbidden || informer != of) {
                return;
            }
            forbidden = true;
        }
        triggerUsers();
    }

    private void triggerUsers() {
        List<ResourceID> triggered;
        synchronized (this) {
            triggered = List.copyOf(users);
        }
        if (isRunning()) {
            triggered.forEach(resource -> getEventHandler().handleEvent(new Event(resource)));
        }
    }

    @Override
    public Set<Node> getSecondaryResources(WolfTunnel resource) {
        return Set.of();
    }

    /** Idempotent. */
    @Override
    public void stop() {
        super.stop();
        synchronized (this) {
            end();
        }
    }
}

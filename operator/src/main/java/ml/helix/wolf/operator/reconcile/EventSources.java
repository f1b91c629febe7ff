package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.Constants;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.observed.AgentPod;
import org.jspecify.annotations.Nullable;

/**
 * What leads to a pass beside a change of the WolfTunnel itself: changes of its DaemonSet, ServiceAccount, pods, Secret and
 * ConfigMap, and what this process triggers. {@code DESIGN.md} says why each cache is as it is. Thread-safe.
 */
final class EventSources {
    /** Pods in one page of a list, so that thousands of whole pods are never in memory at once. */
    private static final long PODS_PER_PAGE = 200;

    private final ReferenceWatches references;
    private final CordonedNodes cordonedNodes;
    private final Trigger trigger;
    private final Consumer<HasMetadata> onObjectDeleted;

    /** The cache of WolfTunnels; null before {@link #prepare}. */
    private volatile @Nullable IndexerResourceCache<WolfTunnel> resources;

    /** Requests passes from inside this process, and learns of WolfTunnels that are gone. */
    private static final class Trigger extends SimpleInboundEventSource<WolfTunnel>
            implements ResourceEventAware<WolfTunnel> {
        private final Consumer<WolfTunnel> onDeleted;
        private final Consumer<WolfTunnel> onUpdated;

        Trigger(Consumer<WolfTunnel> onDeleted, Consumer<WolfTunnel> onUpdated) {
            super("trigger");
            this.onDeleted = onDeleted;
            this.onUpdated = onUpdated;
        }

        @Override
        public void onResourceDeleted(WolfTunnel resource) {
            onDeleted.accept(resource);
        }

        /** A list after an outage shows another WolfTunnel of the name, and not that the first one was deleted. */
        @Override
        public void onResourceUpdated(WolfTunnel now, WolfTunnel before) {
            if (!isSame(now, before)) {
                onDeleted.accept(before);
            }
            onUpdated.accept(now);
        }

        void added(WolfTunnel resource) {
            getEventHandler()
                    .handleEvent(new ResourceEvent(ResourceAction.ADDED, ResourceID.fromResource(resource), resource));
        }
    }

    /**
     * @param onObjectDeleted called with each DaemonSet and ServiceAccount that is deleted
     * @param onResourceDeleted called with each WolfTunnel that is deleted
     * @param onResourceUpdated called with each WolfTunnel that is updated in the cache
     */
    EventSources(
            ReferenceWatches references,
            CordonedNodes cordonedNodes,
            Consumer<HasMetadata> onObjectDeleted,
            Consumer<WolfTunnel> onResourceDeleted,
            Consumer<WolfTunnel> onResourceUpdated) {
        this.references = references;
        this.cordonedNodes = cordonedNodes;
        this.trigger = new Trigger(onResourceDeleted, onResourceUpdated);
        this.onObjectDeleted = onObjectDeleted;
    }

    List<EventSource<?, WolfTunnel>> prepare(EventSourceContext<WolfTunnel> context) {
        resources = context.getPrimaryCache();
        var sources = new ArrayList<EventSource<?, WolfTunnel>>(List.of(
                references,
                cordonedNodes,
                trigger,
                owned(DaemonSet.class, context),
                owned(ServiceAccount.class, context)));
        context.getControllerConfiguration()
                .getEffectiveNamespaces()
                .forEach(namespace -> sources.add(pods(namespace, context)));
        return sources;
    }

    /** Whether an update of the cache needs a pass: not if only the status differs. */
    static boolean needsPass(WolfTunnel now, WolfTunnel before) {
        return !isSame(now, before)
                || !now.getMetadata()
                        .getGeneration()
                        .equals(before.getMetadata().getGeneration())
                || (now.isMarkedForDeletion() && !before.isMarkedForDeletion());
    }

    private static boolean isSame(WolfTunnel one, WolfTunnel other) {
        return one.getMetadata().getUid().equals(other.getMetadata().getUid());
    }

    /**
     * To be told by JOSDK when it has dropped the state of a deleted WolfTunnel. With it, JOSDK drops the event of another
     * WolfTunnel of that name that came before the pass over the deletion, which may wait for the rate limit. Without a further
     * event that one would never get a pass.
     */
    Metrics afterDeletions() {
        return new Metrics() {
            @Override
            public void cleanupDoneFor(ResourceID deleted, Map<String, Object> metadata) {
                var known = resources;
                if (known != null) {
                    known.get(deleted).ifPresent(trigger::added);
                }
            }
        };
    }

    private <T extends HasMetadata> EventSource<T, WolfTunnel> owned(
            Class<T> kind, EventSourceContext<WolfTunnel> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(kind, WolfTunnel.class)
                        .withName(kind.getSimpleName())
                        .withLabelSelector(AgentMetadata.SELECTOR)
                        .withNamespacesInheritedFromController()
                        .withSecondaryToPrimaryMapper(EventSources::resourceByName)
                        .withOnDeleteFilter((deleted, stateUnknown) -> {
                            onObjectDeleted.accept(deleted);
                            return true;
                        })
                        .build(),
                context);
    }

    /** One informer per namespace: an informer that lists removes from its store whatever it has not listed itself. */
    private static EventSource<Pod, WolfTunnel> pods(String namespace, EventSourceContext<WolfTunnel> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Pod.class, WolfTunnel.class)
                        .withName(namespace.equals(Constants.WATCH_ALL_NAMESPACES) ? "Pod" : "Pod in " + namespace)
                        .withLabelSelector(AgentMetadata.SELECTOR)
                        .withNamespaces(namespace)
                        .withSecondaryToPrimaryMapper(EventSources::resourceByLabel)
                        .withItemStore(new TransformingItemStore<>(AgentPod::stripped))
                        .withInformerListLimit(PODS_PER_PAGE)
                        .withOnUpdateFilter((now, before) -> !AgentPod.of(now).equals(AgentPod.of(before)))
                        .build(),
                context);
    }

    /** By the name alone: anybody can change labels and owners, and the operator restores them. */
    private static Set<ResourceID> resourceByName(HasMetadata object) {
        return id(object, AgentMetadata.resourceName(object.getMetadata().getName()));
    }

    private static Set<ResourceID> resourceByLabel(HasMetadata object) {
        return id(
                object,
                Optional.ofNullable(object.getMetadata().getLabels())
                        .map(labels -> labels.get(AgentMetadata.INSTANCE_LABEL)));
    }

    private static Set<ResourceID> id(HasMetadata object, Optional<String> name) {
        return name.map(known ->
                        Set.of(new ResourceID(known, object.getMetadata().getNamespace())))
                .orElse(Set.of());
    }

    /** Requests a pass; several requests may become one. */
    void trigger(ResourceID resource) {
        trigger.propagateEvent(resource);
    }

    /** Requests a pass over every WolfTunnel in the cache. */
    void triggerAll() {
        var known = resources;
        if (known != null) {
            known.list().map(ResourceID::fromResource).forEach(this::trigger);
        }
    }

    /** Whether the cache no longer has the WolfTunnel, nor another of its name. */
    boolean isDeleted(ResourceID resource) {
        var known = resources;
        return known != null && known.get(resource).isEmpty();
    }
}

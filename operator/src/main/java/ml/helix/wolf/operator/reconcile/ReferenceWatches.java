package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/**
 * Watches exactly the Secrets and ConfigMaps that WolfTunnels name, each by an informer of its own (one list, one watch), and
 * triggers those WolfTunnels when the object changes. No other Secret ever comes into this process.
 *
 * <p>Thread-safe. An informer lives from the first WolfTunnel that names its object to the last.
 */
final class ReferenceWatches extends AbstractEventSource<HasMetadata, WolfTunnel> {
    private final KubernetesClient client;

    /** Guarded by this. */
    private final Map<Reference, Watched> watched = new HashMap<>();

    /** What is known of a referenced object. */
    sealed interface Lookup {
        /** Not known yet; an event comes when it is. */
        record Loading() implements Lookup {}

        record Absent() implements Lookup {}

        record Present(HasMetadata object) implements Lookup {}

        /** The operator may not read it. */
        record Unreadable(String why) implements Lookup {}
    }

    /** All fields are guarded by the ReferenceWatches. */
    private static final class Watched {
        final Set<ResourceID> users = new HashSet<>();
        final SharedIndexInformer<? extends HasMetadata> informer;
        boolean filled;
        String refusal = "";

        Watched(SharedIndexInformer<? extends HasMetadata> informer) {
            this.informer = informer;
        }
    }

    ReferenceWatches(KubernetesClient client) {
        super(HasMetadata.class, "references");
        this.client = client;
    }

    /** From now on changes of these objects, and of no others, trigger the WolfTunnel. Doesn't block. */
    synchronized void watch(ResourceID resource, Set<Reference> references) {
        for (var reference : references) {
            var known = watched.get(reference);
            if (known == null) {
                known = new Watched(informer(reference, reference.kind()));
                watched.put(reference, known);
                start(reference, known);
            }
            known.users.add(resource);
        }
        watched.entrySet().removeIf(entry -> {
            var users = entry.getValue().users;
            if (!references.contains(entry.getKey()) && users.remove(resource) && users.isEmpty()) {
                entry.getValue().informer.stop();
                return true;
            }
            return false;
        });
    }

    /** @param reference that some WolfTunnel watches */
    synchronized Lookup lookup(Reference reference) {
        var known = watched.get(reference);
        if (known == null) {
            return new Lookup.Loading();
        }
        if (!known.filled) {
            return known.refusal.isEmpty() ? new Lookup.Loading() : new Lookup.Unreadable(known.refusal);
        }
        var objects = known.informer.getStore().list();
        return objects.isEmpty() ? new Lookup.Absent() : new Lookup.Present(objects.getFirst());
    }

    private void start(Reference reference, Watched known) {
        known.informer.start().thenRun(() -> {
            synchronized (this) {
                known.filled = true;
            }
            triggerUsers(reference);
        });
    }

    private <T extends HasMetadata> SharedIndexInformer<T> informer(Reference reference, Class<T> kind) {
        var informer = client.resources(kind)
                .inNamespace(reference.namespace())
                .withName(reference.name())
                .runnableInformer(0);
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T added) {
                triggerUsers(reference);
            }

            @Override
            public void onUpdate(T before, T now) {
                triggerUsers(reference);
            }

            @Override
            public void onDelete(T deleted, boolean finalStateUnknown) {
                triggerUsers(reference);
            }
        });
        informer.exceptionHandler((everStarted, failure) -> {
            noteRefusal(reference, failure);
            return true;
        });
        return informer;
    }

    private void noteRefusal(Reference reference, Throwable failure) {
        if (ApiErrors.isForbidden(failure)) {
            synchronized (this) {
                var known = watched.get(reference);
                if (known == null || !known.refusal.isEmpty()) {
                    return;
                }
                known.refusal = "the operator's role does not allow it";
            }
            triggerUsers(reference);
        }
    }

    private void triggerUsers(Reference reference) {
        List<ResourceID> users;
        synchronized (this) {
            var known = watched.get(reference);
            users = known == null ? List.of() : List.copyOf(known.users);
        }
        if (isRunning()) {
            users.forEach(resource -> getEventHandler().handleEvent(new Event(resource)));
        }
    }

    @Override
    public Set<HasMetadata> getSecondaryResources(WolfTunnel resource) {
        return Set.of();
    }

    /** Idempotent. */
    @Override
    public void stop() {
        super.stop();
        synchronized (this) {
            watched.values().forEach(known -> known.informer.stop());
            watched.clear();
        }
    }
}

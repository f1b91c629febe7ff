package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/**
 * Watches exactly the Secrets and ConfigMaps that tunnels name, each by an informer of its own (one list, one watch),
 * and asks for a reconciliation of those tunnels when one of them changes. No other Secret ever comes into this process.
 *
 * <p>Thread-safe. Informers live from the first tunnel that names their object to the last.
 */
final class ReferenceWatches extends AbstractEventSource<HasMetadata, WolfTunnel>
        implements ResourceEventAware<WolfTunnel> {
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

    /** From now on the tunnel is told of these and of no others. Doesn't block. */
    synchronized void hold(ResourceID tunnel, Set<Reference> references) {
        for (var reference : references) {
            var known = watched.get(reference);
            if (known == null) {
                known = new Watched(informer(reference));
                watched.put(reference, known);
                start(reference, known);
            }
            known.users.add(tunnel);
        }
        watched.entrySet().removeIf(entry -> {
            var users = entry.getValue().users;
            if (!references.contains(entry.getKey()) && users.remove(tunnel) && users.isEmpty()) {
                entry.getValue().informer.stop();
                return true;
            }
            return false;
        });
    }

    /** Of a reference that some tunnel holds. */
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
            changed(reference);
        });
    }

    private SharedIndexInformer<? extends HasMetadata> informer(Reference reference) {
        return informer(reference, reference.kind());
    }

    private <T extends HasMetadata> SharedIndexInformer<T> informer(Reference reference, Class<T> kind) {
        var informer = client.resources(kind)
                .inNamespace(reference.namespace())
                .withName(reference.name())
                .runnableInformer(0);
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T added) {
                changed(reference);
            }

            @Override
            public void onUpdate(T before, T now) {
                changed(reference);
            }

            @Override
            public void onDelete(T deleted, boolean finalStateUnknown) {
                changed(reference);
            }
        });
        informer.exceptionHandler((everStarted, failure) -> {
            refused(reference, failure);
            return true;
        });
        return informer;
    }

    private void refused(Reference reference, Throwable failure) {
        var cause = failure instanceof KubernetesClientException ? failure : failure.getCause();
        if (cause instanceof KubernetesClientException answer && answer.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
            synchronized (this) {
                var known = watched.get(reference);
                if (known == null || !known.refusal.isEmpty()) {
                    return;
                }
                known.refusal = "the operator's role does not allow it";
            }
            changed(reference);
        }
    }

    private void changed(Reference reference) {
        List<ResourceID> users;
        synchronized (this) {
            var known = watched.get(reference);
            users = known == null ? List.of() : List.copyOf(known.users);
        }
        if (isRunning()) {
            users.forEach(tunnel -> getEventHandler().handleEvent(new Event(tunnel)));
        }
    }

    @Override
    public void onResourceDeleted(WolfTunnel tunnel) {
        hold(ResourceID.fromResource(tunnel), Set.of());
    }

    @Override
    public Set<HasMetadata> getSecondaryResources(WolfTunnel tunnel) {
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

package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.leadership.LeaderElection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two installs that watch the same namespace from changing each other's DaemonSets for ever. Each marks what it
 * applies with the namespace of its Lease. Who finds another's mark leaves the tunnel alone, status included, while that
 * Lease is renewed. An operator that may not read the Lease takes the tunnel over, and the other one yields: so an operator
 * with a Role for one namespace goes before one for the whole cluster.
 *
 * <p>Without leader election there is no mark, and nobody yields. Thread-safe; asks for a Lease every {@link #LOOK} at most.
 */
final class OperatorClaims {
    static final Duration LOOK = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(OperatorClaims.class);

    private final KubernetesClient client;
    private final Optional<String> home;
    private final LongSupplier nanoTime;
    /** By namespace. Guarded by this. */
    private final Map<String, Seen> leases = new HashMap<>();
    /** What was logged last of tunnels with another's mark. Guarded by this. */
    private final Map<ResourceID, String> said = new HashMap<>();

    /**
     * A Lease as it was last seen.
     *
     * @param changed when it was first seen so
     */
    private record Seen(String holder, String version, long changed, long asked) {}

    /**
     * @param home the namespace of this operator's Lease, empty without leader election
     * @param nanoTime a clock that never jumps
     */
    OperatorClaims(KubernetesClient client, Optional<String> home, LongSupplier nanoTime) {
        this.client = client;
        this.home = home;
        this.nanoTime = nanoTime;
    }

    /** What this operator applies, with its mark. */
    DaemonSet marked(DaemonSet desired) {
        return home.map(namespace -> new DaemonSetBuilder(desired)
                        .editMetadata()
                        .addToAnnotations(AgentMetadata.OPERATOR_ANNOTATION, namespace)
                        .endMetadata()
                        .build())
                .orElse(desired);
    }

    /**
     * Whether the tunnel is another operator's, which works. Logs each change of the answer.
     *
     * @param present as it is there
     * @throws KubernetesClientException where the API server doesn't say who holds the other's Lease
     */
    synchronized boolean workOn(ResourceID tunnel, Optional<DaemonSet> present) {
        var mark = present.map(daemonSet -> daemonSet.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(AgentMetadata.OPERATOR_ANNOTATION))
                .filter(namespace -> home.isPresent() && !home.get().equals(namespace));
        var holder = mark.flatMap(this::holder);
        var state = mark.map(namespace -> (holder.isPresent() ? "left to " : "taken from ") + namespace);
        boolean news = state.isPresent() && !state.get().equals(said.put(tunnel, state.get()));
        if (state.isEmpty()) {
            said.remove(tunnel);
        }
        if (news && holder.isPresent()) {
            LOG.warn(
                    "WolfTunnel {} is left to the operator in namespace {}, whose Lease {} is held by {}: two operators watch"
                            + " this namespace; remove one, or change its WATCH_NAMESPACES and then remove the annotation {}"
                            + " of the tunnel's DaemonSet",
                    text(tunnel),
                    mark.get(),
                    LeaderElection.NAME,
                    holder.get(),
                    AgentMetadata.OPERATOR_ANNOTATION);
        } else if (news) {
            LOG.warn(
                    "WolfTunnel {} is taken over from the operator in namespace {}, which does not work any more, or whose"
                            + " Lease this operator may not read",
                    text(tunnel),
                    mark.get());
        }
        return holder.isPresent();
    }

    /** Who works there; nobody where the Lease is let go, has ended, or may not be read. */
    private Optional<String> holder(String namespace) {
        long now = nanoTime.getAsLong();
        var before = leases.get(namespace);
        var seen = before != null && now - before.asked() < LOOK.toNanos() ? before : asked(namespace, before, now);
        leases.put(namespace, seen);
        boolean renewed = now - seen.changed() < LeaderElection.LEASE.toNanos();
        return Optional.of(seen.holder()).filter(holder -> renewed && !holder.isEmpty());
    }

    private Seen asked(String namespace, @Nullable Seen before, long now) {
        var lease = read(namespace);
        var version =
                lease.map(found -> found.getMetadata().getResourceVersion()).orElse("");
        var holder = lease.map(found -> requireNonNullElse(found.getSpec().getHolderIdentity(), ""))
                .orElse("");
        boolean same = before != null && before.version().equals(version);
        return new Seen(holder, version, before != null && same ? before.changed() : now, now);
    }

    private Optional<Lease> read(String namespace) {
        try {
            return Optional.ofNullable(client.leases()
                    .inNamespace(namespace)
                    .withName(LeaderElection.NAME)
                    .get());
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    synchronized void forget(ResourceID tunnel) {
        said.remove(tunnel);
    }

    private static String text(ResourceID tunnel) {
        return tunnel.getNamespace().map(namespace -> namespace + "/").orElse("") + tunnel.getName();
    }
}

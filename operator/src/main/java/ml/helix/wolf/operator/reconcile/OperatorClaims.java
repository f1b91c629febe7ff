package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.leadership.LeaderElection;
import ml.helix.wolf.operator.leadership.OtherLeases;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two installs that watch the same namespace from undoing each other's changes for ever. An operator claims each
 * DaemonSet that it applies, by an annotation with the namespace of its Lease. Another operator leaves the WolfTunnel alone,
 * its status included, while that Lease is renewed. An operator that may not read the Lease takes the WolfTunnel over, and
 * the other one yields: so an operator with a Role for one namespace has priority over one for the whole cluster.
 *
 * <p>Without leader election an operator claims nothing and never yields. Thread-safe.
 */
final class OperatorClaims {
    /** How soon a WolfTunnel that another operator holds is checked again. */
    static final Duration RECHECK = OtherLeases.READ_INTERVAL;

    private static final Logger LOG = LoggerFactory.getLogger(OperatorClaims.class);

    private final Optional<String> home;
    private final OtherLeases leases;
    /** What was logged last, of WolfTunnels that another operator has claimed. */
    private final Map<ResourceID, Claim> logged = new ConcurrentHashMap<>();

    /**
     * Another operator's claim.
     *
     * @param namespace where its Lease is
     * @param holder who holds that Lease; empty if the claim has ended
     */
    private record Claim(String namespace, Optional<String> holder) {
        boolean saysTheSameAs(Claim other) {
            return namespace.equals(other.namespace) && holder.isPresent() == other.holder.isPresent();
        }
    }

    /** @param home the namespace of this operator's Lease, empty without leader election */
    OperatorClaims(KubernetesClient client, Optional<String> home) {
        this.home = home;
        this.leases = new OtherLeases(client, System::nanoTime);
    }

    /** The DaemonSet with this operator's claim. */
    DaemonSet claim(DaemonSet desired) {
        return home.map(namespace -> new DaemonSetBuilder(desired)
                        .editMetadata()
                        .addToAnnotations(AgentMetadata.OPERATOR_ANNOTATION, namespace)
                        .endMetadata()
                        .build())
                .orElse(desired);
    }

    /**
     * Whether another operator has claimed the WolfTunnel and is at work. Logs each change of the answer.
     *
     * @throws KubernetesClientException if the API server doesn't say who holds the other operator's Lease
     */
    boolean heldByAnother(ResourceID resource, Optional<DaemonSet> present) {
        var claim = present.map(daemonSet -> daemonSet.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(AgentMetadata.OPERATOR_ANNOTATION))
                .filter(namespace -> home.isPresent() && !home.get().equals(namespace))
                .map(namespace -> new Claim(namespace, leases.holder(namespace)));
        if (claim.isEmpty()) {
            logged.remove(resource);
            return false;
        }
        var before = logged.put(resource, claim.get());
        if (before == null || !before.saysTheSameAs(claim.get())) {
            log(resource, claim.get());
        }
        return claim.get().holder().isPresent();
    }

    private static void log(ResourceID resource, Claim claim) {
        var name = resource.getNamespace().map(namespace -> namespace + "/").orElse("") + resource.getName();
        if (claim.holder().isPresent()) {
            LOG.warn(
                    "WolfTunnel {} is left to the operator in namespace {}, whose Lease {} is held by {}: two operators watch"
                            + " this namespace; remove one, or change its WATCH_NAMESPACES and then remove the annotation {}"
                            + " of the WolfTunnel's DaemonSet",
                    name,
                    claim.namespace(),
                    LeaderElection.NAME,
                    claim.holder().get(),
                    AgentMetadata.OPERATOR_ANNOTATION);
        } else {
            LOG.warn(
                    "WolfTunnel {} is taken over from the operator in namespace {}, which does not work any more, or whose"
                            + " Lease this operator may not read",
                    name,
                    claim.namespace());
        }
    }

    void forget(ResourceID resource) {
        logged.remove(resource);
    }
}

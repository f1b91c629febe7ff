package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentServiceAccount;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.Cordons;

/**
 * What the caches know of a WolfTunnel and its objects when a pass begins.
 *
 * @param account the ServiceAccount with the name that the WolfTunnel needs; another owner's too
 * @param daemonSet likewise
 * @param pods those with the WolfTunnel's label; another owner's too
 * @param cordons the cluster's cordoned nodes, if the WolfTunnel drains them
 */
record Observed(
        WolfTunnel resource,
        Optional<ServiceAccount> account,
        Optional<DaemonSet> daemonSet,
        List<AgentPod> pods,
        Cordons cordons) {

    static Observed of(WolfTunnel resource, Context<WolfTunnel> context, Cordons cordons) {
        return new Observed(
                resource,
                context.getSecondaryResource(ServiceAccount.class),
                context.getSecondaryResource(DaemonSet.class),
                context.getSecondaryResourcesAsStream(Pod.class)
                        .map(AgentPod::of)
                        .toList(),
                cordons);
    }

    ResourceID id() {
        return ResourceID.fromResource(resource);
    }

    /** The DaemonSet if it is the WolfTunnel's own, or an orphan that it may adopt. */
    Optional<DaemonSet> ownDaemonSet() {
        var desired = AgentServiceAccount.of(resource);
        return daemonSet.filter(found -> Ownership.of(found, desired).permitsChanges());
    }
}

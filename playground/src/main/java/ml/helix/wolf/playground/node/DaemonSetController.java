package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller manager of the simulated nodes: makes a DaemonSet's pods, and collects the garbage of deleted
 * WolfTunnels and DaemonSets. Reads everything anew at each {@link #reconcile()}; one thread calls that.
 */
final class DaemonSetController {
    private static final Logger LOG = LoggerFactory.getLogger(DaemonSetController.class);

    private final KubernetesClient client;
    private final List<SimulatedNode> nodes;
    private final RandomGenerator random = RandomGenerator.getDefault();

    DaemonSetController(KubernetesClient client, List<SimulatedNode> nodes) {
        this.client = client;
        this.nodes = nodes;
    }

    void reconcile() {
        List<DaemonSet> sets =
                client.apps().daemonSets().inAnyNamespace().list().getItems();
        List<Pod> pods = client.pods().inAnyNamespace().list().getItems();
        for (DaemonSet set : sets) {
            if (ownerGone(set)) {
                client.resource(set).delete();
                continue;
            }
            DaemonSetPlan plan = DaemonSetPlan.of(
                    set, nodes, pods.stream().filter(pod -> owns(set, pod)).toList());
            plan.delete().forEach(pod -> client.resource(pod).delete());
            plan.create().forEach(node -> client.resource(pod(set, node)).create());
            if (!plan.status().equals(set.getStatus())) {
                StatusApply.write(client, set, plan.status());
            }
        }
        pods.stream()
                .filter(pod -> !DaemonSetPlan.terminating(pod))
                .filter(pod -> ownedByDaemonSet(pod) && sets.stream().noneMatch(set -> owns(set, pod)))
                .forEach(pod -> client.resource(pod).delete());
        client.serviceAccounts().inAnyNamespace().list().getItems().stream()
                .filter(this::ownerGone)
                .forEach(account -> client.resource(account).delete());
    }

    /** Whether the object is owned by a WolfTunnel that no longer exists. */
    private boolean ownerGone(HasMetadata object) {
        for (OwnerReference owner : object.getMetadata().getOwnerReferences()) {
            if (owner.getKind().equals("WolfTunnel")) {
                try {
                    var found = client.genericKubernetesResources(owner.getApiVersion(), owner.getKind())
                            .inNamespace(object.getMetadata().getNamespace())
                            .withName(owner.getName())
                            .get();
                    return found == null || !found.getMetadata().getUid().equals(owner.getUid());
                } catch (KubernetesClientException e) {
                    LOG.warn(
                            "Cannot read the owner of {}: {}",
                            object.getMetadata().getName(),
                            e.getMessage());
                }
            }
        }
        return false;
    }

    private Pod pod(DaemonSet set, SimulatedNode node) {
        var template = set.getSpec().getTemplate();
        var metadata = Objects.requireNonNull(template.getMetadata(), "template without metadata");
        return new PodBuilder()
                .withNewMetadata()
                .withName(set.getMetadata().getName() + "-" + HexFormat.of().toHexDigits(random.nextLong(), 5))
                .withNamespace(set.getMetadata().getNamespace())
                .withLabels(metadata.getLabels())
                .addToLabels(DaemonSetPlan.REVISION, DaemonSetPlan.revision(set))
                .withAnnotations(metadata.getAnnotations())
                .addNewOwnerReference()
                .withApiVersion("apps/v1")
                .withKind("DaemonSet")
                .withName(set.getMetadata().getName())
                .withUid(set.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .endOwnerReference()
                .endMetadata()
                .withNewSpecLike(template.getSpec())
                .withNodeName(node.name())
                .endSpec()
                .build();
    }

    private static boolean owns(DaemonSet set, Pod pod) {
        return pod.getMetadata().getOwnerReferences().stream()
                .anyMatch(owner -> owner.getUid().equals(set.getMetadata().getUid()));
    }

    private static boolean ownedByDaemonSet(Pod pod) {
        return pod.getMetadata().getOwnerReferences().stream()
                .anyMatch(owner -> owner.getKind().equals("DaemonSet"));
    }
}

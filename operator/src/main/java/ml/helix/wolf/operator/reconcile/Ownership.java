package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Map;
import ml.helix.wolf.operator.desired.AgentMetadata;

/** Who owns an object that has the name of an object that a WolfTunnel needs. */
enum Ownership {
    /** It has an owner reference to the WolfTunnel. */
    OURS,
    /** It has no owner, and our managed-by label: its WolfTunnel was deleted with {@code --cascade=orphan}. It may be adopted. */
    ORPHAN,
    /**
     * Its WolfTunnel is deleted or being deleted, and another one has the name by now. The garbage collector will delete the
     * object or make it an orphan.
     */
    LEFTOVER,
    /** It belongs to somebody else. It is never changed and never deleted. */
    FOREIGN;

    /** @param desired the object that the WolfTunnel needs, with its owner reference */
    static Ownership of(HasMetadata present, HasMetadata desired) {
        var resource = desired.getMetadata().getOwnerReferences().getFirst();
        var owners = present.getMetadata().getOwnerReferences();
        if (owners.stream().anyMatch(owner -> resource.getUid().equals(owner.getUid()))) {
            return OURS;
        }
        if (owners.isEmpty()) {
            return managedBy(present).equals(managedBy(desired)) ? ORPHAN : FOREIGN;
        }
        return owners.stream().allMatch(owner -> sameName(owner, resource)) ? LEFTOVER : FOREIGN;
    }

    /** Whether the WolfTunnel may change the object. */
    boolean permitsChanges() {
        return this == OURS || this == ORPHAN;
    }

    private static boolean sameName(OwnerReference owner, OwnerReference resource) {
        return resource.getKind().equals(owner.getKind()) && resource.getName().equals(owner.getName());
    }

    private static String managedBy(HasMetadata object) {
        return requireNonNullElse(object.getMetadata().getLabels(), Map.<String, String>of())
                .getOrDefault(AgentMetadata.MANAGED_BY_LABEL, "");
    }
}

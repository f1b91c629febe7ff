package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Map;
import ml.helix.wolf.operator.desired.AgentMetadata;

/** Whose an object is that has the name of one that a tunnel wants. */
enum Ownership {
    /** It has an owner reference to the tunnel. */
    OURS,
    /** It has no owner and our managed-by label: its tunnel was deleted with {@code --cascade=orphan}. It may be adopted. */
    ORPHAN,
    /**
     * Its tunnel is deleted, or is just being deleted, and another of the name may be there. The garbage collector deletes it,
     * or makes an orphan of it.
     */
    LEFTOVER,
    /** Everybody else's. It is never changed, and never deleted. */
    FOREIGN;

    /** @param desired what the tunnel wants, with its owner reference */
    static Ownership of(HasMetadata present, HasMetadata desired) {
        var tunnel = desired.getMetadata().getOwnerReferences().getFirst();
        var owners = present.getMetadata().getOwnerReferences();
        if (owners.stream().anyMatch(owner -> tunnel.getUid().equals(owner.getUid()))) {
            return OURS;
        }
        if (owners.isEmpty()) {
            return managedBy(present).equals(managedBy(desired)) ? ORPHAN : FOREIGN;
        }
        return owners.stream().allMatch(owner -> sameName(owner, tunnel)) ? LEFTOVER : FOREIGN;
    }

    /** Whether the tunnel may change it. */
    boolean permitsChanges() {
        return this == OURS || this == ORPHAN;
    }

    private static boolean sameName(OwnerReference owner, OwnerReference tunnel) {
        return tunnel.getKind().equals(owner.getKind()) && tunnel.getName().equals(owner.getName());
    }

    private static String managedBy(HasMetadata object) {
        return requireNonNullElse(object.getMetadata().getLabels(), Map.<String, String>of())
                .getOrDefault(AgentMetadata.MANAGED_BY_LABEL, "");
    }
}

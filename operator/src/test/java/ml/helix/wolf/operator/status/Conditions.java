package ml.helix.wolf.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/** Reads the conditions of a status. */
final class Conditions {
    private Conditions() {}

    static Condition condition(WolfTunnelStatus status, String type) {
        return status.conditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    /** Status and reason, for example {@code False RollingOut}. */
    static String statusAndReason(WolfTunnelStatus status, String type) {
        return condition(status, type).getStatus() + " "
                + condition(status, type).getReason();
    }
}

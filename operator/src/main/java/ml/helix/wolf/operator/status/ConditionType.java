package ml.helix.wolf.operator.status;

import io.fabric8.kubernetes.api.model.Condition;

/** The conditions of a WolfTunnel. They are part of the API; docs/status.md explains them. */
enum ConditionType {
    Ready,
    Reconciling,
    Stalled,
    AgentsAvailable,
    ControlPlaneReachable,
    Authenticated,
    WolfReachable,
    /** Only if the WolfTunnel drains them. */
    CordonedNodesDrained;

    boolean isOf(Condition condition) {
        return name().equals(condition.getType());
    }
}

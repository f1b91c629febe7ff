package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import ml.helix.wolf.operator.observed.Obstacle;

/** What a pass may do, decided before it changes anything. */
sealed interface Check {
    /** Another operator works on the WolfTunnel: change nothing, not even its status. */
    record HeldByAnother() implements Check {}

    /** The Secret or the ConfigMap is not read yet. An event follows when it is. */
    record Loading() implements Check {}

    /** Apply nothing; report the obstacle. */
    record Blocked(Obstacle obstacle) implements Check {}

    /** {@code spec.paused} is true: apply nothing; report whether the desired DaemonSet differs. */
    record Paused(DaemonSet desired) implements Check {}

    /** Apply, and report. */
    record Go(DaemonSet desired) implements Check {}
}

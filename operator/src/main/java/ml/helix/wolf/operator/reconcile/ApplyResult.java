package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;

/**
 * The WolfTunnel's DaemonSet after the apply, or after the decision not to apply.
 *
 * @param daemonSet the newest state that is known; empty if the WolfTunnel has none
 * @param obstacle why it isn't as desired; empty if it is, or if it will be soon
 * @param heldBack whether {@code spec.paused} holds a change back
 * @param retryAfter when to apply again even if no event comes before
 */
record ApplyResult(
        Optional<DaemonSet> daemonSet, Optional<Obstacle> obstacle, boolean heldBack, Optional<Duration> retryAfter) {

    /** The pods of this DaemonSet. */
    List<AgentPod> ownPods(Observed observed) {
        var owner = daemonSet.map(present -> present.getMetadata().getUid()).orElse("none");
        return observed.pods().stream()
                .filter(pod -> pod.ownerUid().equals(owner))
                .toList();
    }

    static ApplyResult applied(DaemonSet daemonSet) {
        return new ApplyResult(Optional.of(daemonSet), Optional.empty(), false, Optional.empty());
    }

    static ApplyResult blocked(Observed observed, Obstacle obstacle) {
        return new ApplyResult(observed.ownDaemonSet(), Optional.of(obstacle), false, Optional.empty());
    }

    /** Nothing was applied, and the attempt is repeated after a while. */
    static ApplyResult failed(Observed observed, Obstacle obstacle, Duration retryAfter) {
        return new ApplyResult(observed.ownDaemonSet(), Optional.of(obstacle), false, Optional.of(retryAfter));
    }

    /** An object of an earlier WolfTunnel is about to be deleted. */
    static ApplyResult waiting(Observed observed, Duration retryAfter) {
        return new ApplyResult(observed.ownDaemonSet(), Optional.empty(), false, Optional.of(retryAfter));
    }

    static ApplyResult paused(Observed observed, DaemonSet desired) {
        var present = observed.ownDaemonSet();
        boolean same = present.map(Rollout::of)
                .filter(rollout -> rollout.digest().equals(Rollout.of(desired).digest()))
                .isPresent();
        return new ApplyResult(present, Optional.empty(), !same, Optional.empty());
    }
}

package ml.helix.wolf.operator.observed;

import java.util.List;
import java.util.Optional;

/**
 * Everything that a status is made from.
 *
 * @param generation of the WolfTunnel that was read
 * @param rollout empty while there is no DaemonSet
 * @param pausedChanges whether paused holds back a change
 */
public record Observations(
        long generation,
        Optional<Rollout> rollout,
        List<ObservedAgent> agents,
        Optional<Obstacle> obstacle,
        boolean paused,
        boolean pausedChanges) {

    public Observations {
        agents = List.copyOf(agents);
    }
}

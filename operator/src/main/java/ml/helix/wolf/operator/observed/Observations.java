package ml.helix.wolf.operator.observed;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a status is made from.
 *
 * @param generation of the WolfTunnel that was read
 * @param rollout empty while there is no DaemonSet
 * @param pausedChanges whether paused holds back a change
 * @param podsForbidden what the cluster answers to the DaemonSet's attempts to make pods; empty where it makes them
 * @param wolfContainer the name of {@code spec.wolf.container}, "" where there is none
 * @param settings where the tunnel says what an agent's environment variable holds, by the variable's name
 */
public record Observations(
        long generation,
        Optional<Rollout> rollout,
        List<ObservedAgent> agents,
        Optional<Obstacle> obstacle,
        boolean paused,
        boolean pausedChanges,
        Optional<String> podsForbidden,
        String wolfContainer,
        Map<String, String> settings) {

    public Observations {
        agents = List.copyOf(agents);
        settings = Map.copyOf(settings);
    }
}

package ml.helix.wolf.operator.observed;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a status is made from.
 *
 * @param generation the {@code metadata.generation} of the WolfTunnel
 * @param rollout empty while there is no DaemonSet
 * @param pausedChanges whether {@code spec.paused} holds back a change
 * @param podsForbidden why the cluster refuses to create the DaemonSet's pods; empty if it creates them
 * @param wolfContainer the name of {@code spec.wolf.container}, "" if there is none
 * @param severalControlPlanes whether {@code spec.controlPlane.urls} has more than one
 * @param settingSources what sets each environment variable of the agents, by the variable's name
 * @param cordons the cluster's cordoned nodes, if the WolfTunnel drains them
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
        boolean severalControlPlanes,
        Map<String, String> settingSources,
        Cordons cordons) {

    public Observations {
        agents = List.copyOf(agents);
        settingSources = Map.copyOf(settingSources);
    }
}

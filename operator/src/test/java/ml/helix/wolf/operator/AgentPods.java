package ml.helix.wolf.operator;

import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;

/** Pods for tests of which only few fields matter. */
public final class AgentPods {
    private AgentPods() {}

    /** A pod whose agent runs on that node and is ready. */
    public static AgentPod on(String node) {
        return pod(node, "10.0.0.1", true, false, true);
    }

    /** A pod on a node of its own. */
    public static AgentPod at(String ip, boolean ready, boolean running) {
        return pod("node-" + ip, ip, ready, false, running);
    }

    /** A pod whose agent runs, on a node that the cluster has lost. */
    public static AgentPod lost(String ip) {
        return pod("node-" + ip, ip, false, true, true);
    }

    private static AgentPod pod(String node, String ip, boolean ready, boolean nodeLost, boolean running) {
        var agent = new ContainerState("agent", running, ready || nodeLost, "", "", "", "", Optional.empty());
        return new AgentPod(
                "pod-" + node,
                "uid-" + node,
                "owner",
                node,
                ip,
                9797,
                "",
                "",
                false,
                ready,
                nodeLost,
                "",
                false,
                List.of(agent));
    }
}

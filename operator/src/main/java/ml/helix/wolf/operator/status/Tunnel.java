package ml.helix.wolf.operator.status;

import java.util.Comparator;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;

/**
 * One pod's tunnel, judged: what the pod says and what its agent says, brought together.
 *
 * @param state as {@code tunnels[].state} has it
 * @param reason why it is not as it should be; empty where it is
 * @param message the reason in a sentence, "" without a reason
 * @param connected whether the tunnel is up
 * @param available whether the agent runs, connected or not
 * @param sound whether it counts for Ready: the tunnel is up, and the container that the tunnel declares beside the agent
 *     runs
 * @param report what the agent says, where it could be asked
 */
record Tunnel(
        AgentPod pod,
        String state,
        Optional<String> reason,
        String message,
        boolean connected,
        boolean available,
        boolean sound,
        Optional<AgentReport> report) {

    /** The unhealthy first, the more urgent before the less; then by node and pod, so that the order is stable. */
    static final Comparator<Tunnel> BY_URGENCY = Comparator.comparing(Tunnel::sound)
            .thenComparing(Tunnel::kind)
            .thenComparing(tunnel -> tunnel.pod().node())
            .thenComparing(tunnel -> tunnel.pod().name());

    Tunnel saying(String words) {
        return new Tunnel(pod, state, reason, words, connected, available, sound, report);
    }

    Reason.Kind kind() {
        return reason.map(Reason::kind).orElse(Reason.Kind.FINE);
    }

    /** How messages name it: its node, else its pod. */
    String place() {
        return pod.node().isEmpty() ? "pod " + pod.name() : pod.node();
    }
}

package ml.helix.wolf.operator.status;

import java.util.Comparator;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;

/**
 * The operator's judgement of one agent pod; an entry of {@code status.tunnels} is written from it.
 *
 * @param cause what is wrong; empty if nothing is
 * @param available whether the agent runs, connected or not
 * @param ready whether it counts for Ready: the tunnel is up, and so is the container of {@code spec.wolf.container}
 * @param report what the agent reported; empty if it could not be asked
 */
record Verdict(
        AgentPod pod,
        TunnelState state,
        Optional<Cause> cause,
        boolean available,
        boolean ready,
        Optional<AgentReport> report) {

    /** Those that are not ready first, by urgency; then by node and pod, so that the order is stable. */
    static final Comparator<Verdict> BY_URGENCY = Comparator.comparing(Verdict::ready)
            .thenComparing(Verdict::kind)
            .thenComparing(verdict -> verdict.pod().node())
            .thenComparing(verdict -> verdict.pod().name());

    static Verdict ofRunningAgent(
            AgentPod pod, TunnelState state, Optional<Cause> cause, Optional<AgentReport> report) {
        return new Verdict(pod, state, cause, true, state == TunnelState.Connected, report);
    }

    boolean connected() {
        return state == TunnelState.Connected;
    }

    Verdict because(Optional<Cause> other) {
        return new Verdict(pod, state, other, available, ready, report);
    }

    Verdict notReadyBecause(Cause other) {
        return new Verdict(pod, state, Optional.of(other), available, false, report);
    }

    /** The cause of a verdict that is not ready: an entry that another operator wrote may have none. */
    Cause causeOrConnecting() {
        return cause.orElseGet(() -> new Cause(Reason.Connecting, ""));
    }

    Reason.Kind kind() {
        return cause.map(Cause::kind).orElse(Reason.Kind.FINE);
    }

    /** The node, which messages name; the pod while it has no node. */
    String place() {
        return pod.node().isEmpty() ? "pod " + pod.name() : pod.node();
    }

    /** The cause with the node in its message. */
    Cause naming(Cause other) {
        return other.withMessage(place() + ": " + other.message());
    }
}

package ml.helix.wolf.operator.status;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.desired.Names;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ObservedAgent;
import org.jspecify.annotations.Nullable;

/** From pods and answers to tunnels, one per node. */
final class Tunnels {
    private final Map<String, TunnelStatus> before = new HashMap<>();
    private final boolean wolfWasJudged;

    /** @param previous the last status, null where there is none */
    Tunnels(@Nullable WolfTunnelStatus previous) {
        if (previous != null) {
            previous.tunnels().forEach(row -> before.put(Objects.requireNonNullElse(row.pod(), ""), row));
        }
        wolfWasJudged = previous != null
                && previous.conditions().stream()
                        .anyMatch(condition -> condition.getType().equals("WolfReachable")
                                && !condition.getStatus().equals("Unknown"));
    }

    /**
     * The most urgent first. Of two pods on one node, which a rollout may have for a while, the connected one counts,
     * else the younger; pods without a node count each.
     */
    List<Tunnel> of(Collection<ObservedAgent> agents) {
        var byPlace = new LinkedHashMap<String, Tunnel>();
        for (var agent : agents) {
            var tunnel = judged(agent);
            var node = tunnel.pod().node();
            byPlace.merge(node.isEmpty() ? "/" + tunnel.pod().uid() : node, tunnel, Tunnels::better);
        }
        return byPlace.values().stream().sorted(Tunnel.BY_URGENCY).toList();
    }

    private static Tunnel better(Tunnel one, Tunnel other) {
        if (one.pod().terminating() != other.pod().terminating()) {
            return one.pod().terminating() ? other : one;
        }
        if (one.connected() != other.connected()) {
            return one.connected() ? one : other;
        }
        int age = one.pod().created().compareTo(other.pod().created());
        return age > 0 || (age == 0 && one.pod().name().compareTo(other.pod().name()) > 0) ? one : other;
    }

    private Tunnel judged(ObservedAgent agent) {
        var pod = agent.pod();
        var trouble = PodTrouble.of(pod);
        if (trouble.isPresent()) {
            var what = trouble.get();
            return new Tunnel(
                    pod,
                    what.state(),
                    Optional.of(what.reason().name()),
                    what.message(),
                    false,
                    false,
                    Optional.empty());
        }
        return switch (agent.answer()) {
            case AgentAnswer.Reported(var report) -> reported(pod, report);
            case AgentAnswer.Unreachable(var why) -> readinessAlone(pod, why, Optional.empty());
            case AgentAnswer.None() -> unanswered(pod);
        };
    }

    /**
     * An operator that has just started knows no answers yet, but the last status does: what it says holds as long as
     * the pod's readiness agrees, so that a new leader neither forgets nor writes anything.
     */
    private Tunnel unanswered(AgentPod pod) {
        var last = before.get(pod.name());
        if (last != null && last.state() != null && last.state().equals("Connected") == pod.ready()) {
            return new Tunnel(
                    pod,
                    last.state(),
                    Optional.ofNullable(last.reason()),
                    Objects.requireNonNullElse(last.message(), ""),
                    pod.ready(),
                    true,
                    toldByAgent(last) ? Optional.of(remembered(last)) : Optional.empty());
        }
        return pod.ready()
                ? running(pod, "Connected", Optional.empty(), "", true)
                : running(pod, "Connecting", Optional.of(Reason.Connecting), "the agent has just started", false);
    }

    private static boolean toldByAgent(TunnelStatus row) {
        return row.connects() != null || row.wolfId() != null || row.agentVersion() != null;
    }

    private AgentReport remembered(TunnelStatus last) {
        return new AgentReport(
                Objects.requireNonNullElse(last.state(), ""),
                Objects.requireNonNullElse(last.since(), ""),
                Objects.requireNonNullElse(last.wolfId(), ""),
                wolfWasJudged ? Optional.of(!Reason.WolfUnreachable.name().equals(last.reason())) : Optional.empty(),
                Optional.ofNullable(last.connects()),
                Optional.empty(),
                Objects.requireNonNullElse(last.agentVersion(), ""),
                Optional.ofNullable(last.tokenSince())
                        .map(since -> new AgentReport.Token(
                                since, Reason.TokenRefused.name().equals(last.reason()))));
    }

    /** The agent's readiness is its control connection's, so it tells as much as is needed; but not why. */
    private static Tunnel readinessAlone(AgentPod pod, String why, Optional<AgentReport> report) {
        return new Tunnel(
                pod,
                pod.ready() ? "Connected" : "Disconnected",
                Optional.of(Reason.StatusUnreachable.name()),
                (pod.ready() ? "connected" : "not connected")
                        + ", by the pod's readiness alone: the operator cannot read the agent's /status, " + why,
                pod.ready(),
                true,
                report);
    }

    private static Tunnel running(
            AgentPod pod, String state, Optional<Reason> reason, String message, boolean connected) {
        return new Tunnel(pod, state, reason.map(Reason::name), message, connected, true, Optional.empty());
    }

    private static Tunnel reported(AgentPod pod, AgentReport report) {
        if (report.connected()) {
            var flaw = flaw(pod, report);
            return new Tunnel(
                    pod,
                    "Connected",
                    flaw.map(one -> one.reason().name()),
                    flaw.map(PodTrouble::message).orElse(""),
                    true,
                    true,
                    Optional.of(report));
        }
        if (report.state().equals("Draining")) {
            return new Tunnel(
                    pod,
                    "Draining",
                    Optional.of(Reason.Draining.name()),
                    "the agent is stopping",
                    false,
                    true,
                    Optional.of(report));
        }
        var failure = report.lastError();
        if (!report.stateIsKnown() && (pod.ready() || failure.isEmpty())) {
            return readinessAlone(
                    pod, "which says '" + report.state() + "': it is newer than this operator", Optional.of(report));
        }
        return new Tunnel(
                pod,
                failure.isPresent() ? "Disconnected" : "Connecting",
                Optional.of(failure.map(AgentReport.Failure::reason).orElse(Reason.Connecting.name())),
                failure.map(AgentReport.Failure::message).orElse("the agent is connecting for the first time"),
                false,
                true,
                Optional.of(report));
    }

    /** What is wrong with a tunnel that is up. */
    private static Optional<PodTrouble> flaw(AgentPod pod, AgentReport report) {
        if (report.token().filter(AgentReport.Token::refused).isPresent()) {
            return Optional.of(new PodTrouble(
                    "Connected",
                    Reason.TokenRefused,
                    "the control plane refuses the Secret's present token; the tunnel lives on the one before"));
        }
        var beside = pod.containers().stream()
                .filter(container -> !container.name().equals(Names.AGENT_CONTAINER))
                .flatMap(container -> PodTrouble.of(container).stream())
                .findFirst();
        if (beside.isPresent()) {
            return beside;
        }
        return report.wolfReachable()
                .filter(reachable -> !reachable)
                .map(no -> new PodTrouble(
                        "Connected",
                        Reason.WolfUnreachable,
                        "the tunnel is up, but the agent cannot connect to Wolf at spec.wolf.address"));
    }
}

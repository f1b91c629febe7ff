package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.RunnerIdConflict;

/** Judges an agent by its pod and its answer; {@link OtherContainers} judges the containers beside it. */
record AgentJudge(SettingNames settings, boolean several, LastStatus last, Instant now) {

    Verdict verdict(ObservedAgent agent) {
        var pod = agent.pod();
        var problem = PodProblem.of(agent, last.tunnel(pod), now);
        if (problem.isPresent() && !hasTunnelOnLostNode(agent)) {
            var cause = problem.get().cause();
            var translated = cause.withMessage(settings.translated(cause.message()));
            return new Verdict(pod, problem.get().state(), Optional.of(translated), false, false, Optional.empty());
        }
        if (agent.conflict().isPresent()) {
            return conflicting(pod, agent.answer(), agent.conflict().get());
        }
        return switch (agent.answer()) {
            case AgentAnswer.Reported(var report) -> reported(pod, report.withMessages(settings::translated));
            case AgentAnswer.Unreachable(var why) ->
                byReadiness(pod, "the operator cannot read the agent's /status, " + why, Optional.empty());
            case AgentAnswer.None() -> unanswered(pod);
        };
    }

    /**
     * Whether the agent counts although its node is lost: after an outage of the API server the cluster takes every node for
     * lost for a while, and no tunnel is down.
     */
    private boolean hasTunnelOnLostNode(ObservedAgent agent) {
        if (!agent.pod().nodeLost() || agent.pod().terminating()) {
            return false;
        }
        return switch (agent.answer()) {
            case AgentAnswer.Reported reported -> true;
            case AgentAnswer.Unreachable unreachable -> false;
            case AgentAnswer.None none ->
                last.tunnel(agent.pod())
                        .filter(entry -> TunnelState.Connected.name().equals(entry.state()))
                        .isPresent();
        };
    }

    /** Disconnected whatever it reports: which of the two agents is connected changes every minute. */
    private Verdict conflicting(AgentPod pod, AgentAnswer answer, RunnerIdConflict conflict) {
        var report = answer instanceof AgentAnswer.Reported(var reported)
                ? Optional.of(reported.withoutConnection())
                : Optional.<AgentReport>empty();
        var cause =
                switch (conflict) {
                    case RunnerIdConflict.WithOtherResource(var runnerId, var resource) ->
                        new Cause(
                                Reason.DuplicateRunnerId,
                                "the agent of WolfTunnel " + resource + " on this node uses " + runnerId
                                        + " too: set another spec.wolfId.prefix in one of the two");
                    case RunnerIdConflict.WithUnknownAgent() ->
                        new Cause(
                                Reason.Displaced,
                                "another agent uses "
                                        + report.map(AgentReport::wolfId)
                                                .filter(id -> !id.isEmpty())
                                                .map(id -> "the runner id of Wolf " + id)
                                                .orElse("the same runner id")
                                        + ": set spec.wolfId.prefix, or stop the other agent"
                                        + (several ? ", or remove one of two URLs of one control plane" : ""));
                };
        return Verdict.ofRunningAgent(pod, TunnelState.Disconnected, Optional.of(cause), report);
    }

    private Verdict unanswered(AgentPod pod) {
        // A lost node's pod is never ready; it is judged here only if its tunnel was up.
        boolean ready = pod.agentReady() || pod.nodeLost();
        return last.verdict(pod, ready, several)
                .orElseGet(() -> ready
                        ? Verdict.ofRunningAgent(pod, TunnelState.Connected, Optional.empty(), Optional.empty())
                        : Verdict.ofRunningAgent(
                                pod,
                                TunnelState.Connecting,
                                Optional.of(new Cause(Reason.Connecting, "the agent has just started")),
                                Optional.empty()));
    }

    /** The agent is ready while its control connection is up, so readiness says whether there is a tunnel; but not why. */
    private static Verdict byReadiness(AgentPod pod, String why, Optional<AgentReport> report) {
        boolean ready = pod.agentReady();
        var cause = new Cause(
                Reason.StatusUnreachable,
                (ready ? "connected" : "not connected") + ", by the pod's readiness alone: " + why);
        return Verdict.ofRunningAgent(
                pod, ready ? TunnelState.Connected : TunnelState.Disconnected, Optional.of(cause), report);
    }

    private Verdict reported(AgentPod pod, AgentReport report) {
        var given = Optional.of(report);
        if (report.connected()) {
            return Verdict.ofRunningAgent(pod, TunnelState.Connected, problemOfConnected(pod, report), given);
        }
        if (report.knownState().equals(Optional.of(AgentReport.State.Draining))) {
            var draining = Optional.of(new Cause(Reason.Draining, "the agent is stopping"));
            return Verdict.ofRunningAgent(pod, TunnelState.Draining, draining, given);
        }
        var ofSeveral = ControlPlaneCauses.mostUrgent(report);
        var failure =
                report.lastError().map(error -> ofSeveral.orElseGet(() -> new Cause(error.reason(), error.message())));
        if (report.knownState().isEmpty() && (pod.agentReady() || failure.isEmpty())) {
            return byReadiness(
                    pod, "the agent is newer than this operator and in state '" + report.state() + "'", given);
        }
        if (failure.isPresent()) {
            return Verdict.ofRunningAgent(pod, TunnelState.Disconnected, failure, given);
        }
        var connecting = ofSeveral.or(
                () -> Optional.of(new Cause(Reason.Connecting, "the agent is connecting for the first time")));
        return Verdict.ofRunningAgent(pod, TunnelState.Connecting, connecting, given);
    }

    private static Optional<Cause> problemOfConnected(AgentPod pod, AgentReport report) {
        var refusing = report.tunnels().stream()
                .filter(AgentReport.ControlPlane::tokenRefused)
                .findFirst();
        if (refusing.isPresent()) {
            return Optional.of(new Cause(
                    Reason.TokenRefused,
                    (refusing.get().url().isEmpty()
                                    ? "the control plane"
                                    : refusing.get().url())
                            + " refuses the Secret's new token, and the tunnel still uses the old one: correct the"
                            + " Secret before the old token ends"));
        }
        if (pod.nodeLost()) {
            return Optional.of(new Cause(
                    Reason.NodeNotReady,
                    "the cluster no longer hears from the node, but its agent answers; see kubectl get nodes"));
        }
        return wolfProblem(report);
    }

    /** What is wrong with Wolf, in the agent's words if it has some. */
    static Optional<Cause> wolfProblem(AgentReport report) {
        if (report.wolfReachable().equals(Optional.of(false))) {
            return Optional.of(new Cause(
                    Reason.WolfUnreachable,
                    report.wolfError().isEmpty()
                            ? "the tunnel is up, but the agent cannot connect to Wolf at spec.wolf.address"
                            : report.wolfError()));
        }
        return report.wolfHealthy()
                .filter(healthy -> !healthy)
                .map(unhealthy -> new Cause(
                        Reason.WolfUnhealthy,
                        report.wolfError().isEmpty()
                                ? "Wolf accepts connections, but its API does not answer as it should"
                                : report.wolfError()));
    }
}

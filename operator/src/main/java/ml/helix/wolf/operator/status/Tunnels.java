package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.desired.AgentContainer;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import org.jspecify.annotations.Nullable;

/** From pods and answers to tunnels, one per node. */
final class Tunnels {
    private static final Set<String> OF_WOLF = Set.of(Reason.WolfUnreachable.name(), Reason.WolfUnhealthy.name());

    private final Map<String, TunnelStatus> before = new HashMap<>();
    private final boolean wolfWasJudged;
    private final Observations observed;
    private final SettingNames settings;
    private final Instant now;

    /** @param previous the last status, null where there is none */
    Tunnels(Observations observed, @Nullable WolfTunnelStatus previous, Instant now) {
        this.observed = observed;
        this.settings = new SettingNames(observed.settings());
        this.now = now;
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
    List<Tunnel> list() {
        var byPlace = new LinkedHashMap<String, Tunnel>();
        for (var agent : observed.agents()) {
            var tunnel = besideWolf(judged(agent));
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
        var trouble = PodTrouble.of(agent, before.get(pod.name()), now);
        if (trouble.isPresent() && !heard(agent)) {
            var what = trouble.get();
            return new Tunnel(
                    pod,
                    what.state(),
                    Optional.of(what.reason().name()),
                    settings.inWordsOfTheTunnel(what.message()),
                    false,
                    false,
                    false,
                    Optional.empty());
        }
        if (agent.conflict().isPresent()) {
            return rivalled(pod, agent.answer(), agent.conflict().get());
        }
        return switch (agent.answer()) {
            case AgentAnswer.Reported(var report) -> reported(pod, report);
            case AgentAnswer.Unreachable(var why) -> readinessAlone(pod, why, Optional.empty());
            case AgentAnswer.None() -> unanswered(pod);
        };
    }

    /**
     * A container that the tunnel declares counts for Ready; one that somebody injected is only told of. Its trouble is
     * named unless the agent's own is as urgent.
     */
    private Tunnel besideWolf(Tunnel tunnel) {
        if (!tunnel.available()) {
            return tunnel;
        }
        var wolf = observed.wolfContainer().isEmpty() ? Optional.<PodTrouble>empty() : wolf(tunnel.pod());
        if (wolf.isPresent()) {
            boolean named = tunnel.connected() || wolf.get().reason().kind().compareTo(tunnel.kind()) < 0;
            return named
                    ? new Tunnel(
                            tunnel.pod(),
                            tunnel.state(),
                            Optional.of(wolf.get().reason().name()),
                            wolf.get().message(),
                            tunnel.connected(),
                            true,
                            false,
                            tunnel.report())
                    : tunnel;
        }
        return injected(tunnel.pod())
                .filter(trouble -> tunnel.connected() && tunnel.kind() != Reason.Kind.ACTION)
                .map(trouble -> new Tunnel(
                        tunnel.pod(),
                        tunnel.state(),
                        Optional.of(trouble.reason().name()),
                        trouble.message(),
                        true,
                        true,
                        true,
                        tunnel.report()))
                .orElse(tunnel);
    }

    private Optional<PodTrouble> wolf(AgentPod pod) {
        var name = "container " + observed.wolfContainer();
        var container = pod.container(observed.wolfContainer());
        if (container.isEmpty()) {
            return Optional.of(new PodTrouble("Pending", Reason.PodStarting, name + " is starting"));
        }
        return trouble(pod, container.get()).or(() -> container
                .filter(running -> !running.ready())
                .map(unready -> new PodTrouble(
                        "Pending", Reason.ContainerNotReady, name + " runs, but is not ready: see its probes")));
    }

    private Optional<PodTrouble> injected(AgentPod pod) {
        return pod.containers().stream()
                .filter(container -> !container.name().equals(AgentContainer.NAME))
                .filter(container -> !container.name().equals(observed.wolfContainer()))
                .flatMap(container -> trouble(pod, container).stream())
                .findFirst();
    }

    private Optional<PodTrouble> trouble(AgentPod pod, ContainerState container) {
        return PodTrouble.of(container, before.get(pod.name()), now);
    }

    /**
     * Whether its agent is heard of, though the cluster no longer hears from its node: after an outage of the API server the
     * cluster calls every node lost for a while, and no tunnel is down.
     */
    private boolean heard(ObservedAgent agent) {
        if (!agent.pod().nodeLost() || agent.pod().terminating()) {
            return false;
        }
        var last = before.get(agent.pod().name());
        return switch (agent.answer()) {
            case AgentAnswer.Reported reported -> true;
            case AgentAnswer.Unreachable unreachable -> false;
            case AgentAnswer.None none -> last != null && "Connected".equals(last.state());
        };
    }

    /** It may be connected just now, and its rival in a moment: who is, is no news. */
    private static Tunnel rivalled(AgentPod pod, AgentAnswer answer, RunnerIdConflict rival) {
        var report =
                answer instanceof AgentAnswer.Reported(var told) ? Optional.of(told) : Optional.<AgentReport>empty();
        var id = report.map(AgentReport::wolfId).filter(told -> !told.isEmpty());
        var reason =
                switch (rival) {
                    case RunnerIdConflict.WithOtherResource known -> Reason.DuplicateRunnerId;
                    case RunnerIdConflict.WithUnknownAgent unknown -> Reason.Displaced;
                };
        var message =
                switch (rival) {
                    case RunnerIdConflict.WithOtherResource(var runnerId, var tunnel) ->
                        "the agent of WolfTunnel " + tunnel + " on this node uses " + runnerId
                                + " too: set another spec.wolfId.prefix in one of the two";
                    case RunnerIdConflict.WithUnknownAgent() ->
                        "another agent uses " + id.map(told -> "wolf-" + told).orElse("the same id")
                                + ": set spec.wolfId.prefix, or stop the other agent";
                };
        return new Tunnel(
                pod,
                "Disconnected",
                Optional.of(reason.name()),
                message,
                false,
                true,
                false,
                report.map(AgentReport::withoutConnection));
    }

    /**
     * An operator that has just started knows no answers yet, but the last status does: what it says holds as long as
     * the agent's readiness agrees, so that a new leader neither forgets nor writes anything.
     */
    private Tunnel unanswered(AgentPod pod) {
        var last = before.get(pod.name());
        // a lost node's readiness says nothing; who comes here with one was connected before
        boolean ready = pod.agentReady() || pod.nodeLost();
        if (last != null
                && last.state() != null
                && last.state().equals("Connected") == ready
                && (ready || !Reason.isOfThePod(Objects.requireNonNullElse(last.reason(), "")))) {
            return new Tunnel(
                    pod,
                    last.state(),
                    Optional.ofNullable(last.reason()),
                    Objects.requireNonNullElse(last.message(), ""),
                    ready,
                    true,
                    ready,
                    toldByAgent(last) ? Optional.of(remembered(last)) : Optional.empty());
        }
        return ready
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
                wolfWasJudged ? Optional.of(!Reason.WolfUnhealthy.name().equals(last.reason())) : Optional.empty(),
                OF_WOLF.contains(Objects.requireNonNullElse(last.reason(), ""))
                        ? Objects.requireNonNullElse(last.message(), "")
                        : "",
                Optional.ofNullable(last.connects()),
                Optional.empty(),
                Objects.requireNonNullElse(last.agentVersion(), ""),
                Optional.ofNullable(last.tokenSince())
                        .map(since -> new AgentReport.Token(
                                since, Reason.TokenRefused.name().equals(last.reason()))));
    }

    /** The agent's readiness is its control connection's, so it tells as much as is needed; but not why. */
    private static Tunnel readinessAlone(AgentPod pod, String why, Optional<AgentReport> report) {
        boolean ready = pod.agentReady();
        return new Tunnel(
                pod,
                ready ? "Connected" : "Disconnected",
                Optional.of(Reason.StatusUnreachable.name()),
                (ready ? "connected" : "not connected")
                        + ", by the pod's readiness alone: the operator cannot read the agent's /status, " + why,
                ready,
                true,
                ready,
                report);
    }

    private static Tunnel running(
            AgentPod pod, String state, Optional<Reason> reason, String message, boolean connected) {
        return new Tunnel(pod, state, reason.map(Reason::name), message, connected, true, connected, Optional.empty());
    }

    private Tunnel reported(AgentPod pod, AgentReport report) {
        if (report.connected()) {
            var flaw = flaw(pod, report);
            return new Tunnel(
                    pod,
                    "Connected",
                    flaw.map(one -> one.reason().name()),
                    flaw.map(PodTrouble::message).orElse(""),
                    true,
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
                    false,
                    Optional.of(report));
        }
        var failure = report.lastError();
        if (!report.stateIsKnown() && (pod.agentReady() || failure.isEmpty())) {
            return readinessAlone(
                    pod, "which says '" + report.state() + "': it is newer than this operator", Optional.of(report));
        }
        return new Tunnel(
                pod,
                failure.isPresent() ? "Disconnected" : "Connecting",
                Optional.of(failure.map(AgentReport.Failure::reason).orElse(Reason.Connecting.name())),
                failure.map(AgentReport.Failure::message)
                        .map(settings::inWordsOfTheTunnel)
                        .orElse("the agent is connecting for the first time"),
                false,
                true,
                false,
                Optional.of(report));
    }

    /** What is wrong with a tunnel that is up. */
    private Optional<PodTrouble> flaw(AgentPod pod, AgentReport report) {
        if (report.token().filter(AgentReport.Token::refused).isPresent()) {
            return Optional.of(new PodTrouble(
                    "Connected",
                    Reason.TokenRefused,
                    "the control plane refuses the Secret's present token; the tunnel lives on the one before"));
        }
        if (pod.nodeLost()) {
            return Optional.of(new PodTrouble(
                    "Connected",
                    Reason.NodeNotReady,
                    "the cluster no longer hears from the node, but its agent answers; see kubectl get nodes"));
        }
        if (report.wolfReachable().equals(Optional.of(false))) {
            return Optional.of(new PodTrouble("Connected", Reason.WolfUnreachable, unreachable(Optional.of(report))));
        }
        return report.wolfHealthy()
                .filter(healthy -> !healthy)
                .map(no -> new PodTrouble("Connected", Reason.WolfUnhealthy, unhealthy(Optional.of(report))));
    }

    /** Why the agent does not reach Wolf, in its own words where it has some. */
    static String unreachable(Optional<AgentReport> report) {
        return report.map(AgentReport::wolfError)
                .filter(words -> !words.isEmpty())
                .orElse("the tunnel is up, but the agent cannot connect to Wolf at spec.wolf.address");
    }

    /** What is wrong with the answers of a Wolf that can be reached. */
    static String unhealthy(Optional<AgentReport> report) {
        return report.map(AgentReport::wolfError)
                .filter(words -> !words.isEmpty())
                .orElse("Wolf accepts connections, but its API does not answer as it should");
    }
}

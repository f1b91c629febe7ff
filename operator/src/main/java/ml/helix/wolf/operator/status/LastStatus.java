package ml.helix.wolf.operator.status;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import org.jspecify.annotations.Nullable;

/** The WolfTunnel's last status, which the next one continues: what means the same keeps its text and its time. */
final class LastStatus {
    private static final AgentReport.ControlPlane ONE_UP = new AgentReport.ControlPlane(
            "", AgentReport.State.Connected.name(), Optional.empty(), /* tokenRefused= */ false);

    private final Optional<WolfTunnelStatus> status;
    private final List<Condition> conditions;
    private final Map<String, TunnelStatus> tunnels = new HashMap<>();

    /** @param status null if there is none */
    LastStatus(@Nullable WolfTunnelStatus status) {
        this.status = Optional.ofNullable(status);
        this.conditions = status == null ? List.of() : status.conditions();
        if (status != null) {
            status.tunnels().forEach(entry -> tunnels.put(requireNonNullElse(entry.pod(), ""), entry));
        }
    }

    Optional<WolfTunnelStatus> status() {
        return status;
    }

    /** The pod's entry. */
    Optional<TunnelStatus> tunnel(AgentPod pod) {
        return Optional.ofNullable(tunnels.get(pod.name()));
    }

    /** The pod's entry, if it has the verdict's state and reason. */
    Optional<TunnelStatus> unchanged(Verdict verdict) {
        return tunnel(verdict.pod())
                .filter(entry -> verdict.state().name().equals(entry.state()))
                .filter(entry -> verdict.cause()
                        .map(cause -> StatusText.word(cause.reason()))
                        .equals(Optional.ofNullable(entry.reason())));
    }

    /** The verdict with the text of the pod's entry if both mean the same, else with its own, cut to fit. */
    Verdict settled(Verdict verdict) {
        return verdict.because(verdict.cause().map(cause -> {
            var message = StatusText.message(cause.message());
            return cause.withMessage(unchanged(verdict)
                    .map(TunnelStatus::message)
                    .filter(before -> StatusText.meansTheSame(before, message))
                    .orElse(message));
        }));
    }

    /**
     * The verdict that the pod's entry was written from. An operator that has just started, and has no answers yet, keeps it
     * as long as the agent's readiness agrees: so a new leader neither forgets nor writes anything.
     *
     * @param ready whether the agent is ready
     * @param several whether it has several control planes: it is ready while one tunnel is up, and its entry is that of the
     *     worst
     */
    Optional<Verdict> verdict(AgentPod pod, boolean ready, boolean several) {
        return tunnel(pod).flatMap(entry -> {
            var cause = Optional.ofNullable(entry.reason())
                    .map(reason -> new Cause(reason, requireNonNullElse(entry.message(), "")));
            return TunnelState.of(entry.state())
                    .filter(state -> ready == (state == TunnelState.Connected)
                            || (ready && several && state == TunnelState.Disconnected))
                    .filter(state -> ready || cause.filter(Cause::isOfThePod).isEmpty())
                    .map(state -> Verdict.ofRunningAgent(pod, state, cause, report(entry, ready && several)));
        });
    }

    /**
     * Empty if the entry has nothing that only an agent can say.
     *
     * @param oneUp whether the tunnel to one of several control planes is up, to whichever
     */
    private Optional<AgentReport> report(TunnelStatus entry, boolean oneUp) {
        if (entry.connects() == null && entry.wolfId() == null && entry.agentVersion() == null) {
            return Optional.empty();
        }
        boolean unreachable = Reason.WolfUnreachable.name().equals(entry.reason());
        boolean unhealthy = Reason.WolfUnhealthy.name().equals(entry.reason());
        var wolf = conditions.stream()
                .filter(ConditionType.WolfReachable::isOf)
                .filter(condition -> !UndatedCondition.Status.Unknown.name().equals(condition.getStatus()))
                .findFirst();
        return Optional.of(new AgentReport(
                requireNonNullElse(entry.state(), ""),
                requireNonNullElse(entry.since(), ""),
                requireNonNullElse(entry.wolfId(), ""),
                wolf.map(known -> !unreachable),
                wolf.map(known -> !unhealthy),
                unreachable || unhealthy ? requireNonNullElse(entry.message(), "") : "",
                Optional.ofNullable(entry.connects()),
                Optional.empty(),
                requireNonNullElse(entry.agentVersion(), ""),
                Optional.ofNullable(entry.tokenSince())
                        .map(since -> new AgentReport.Token(
                                since, Reason.TokenRefused.name().equals(entry.reason()))),
                oneUp ? List.of(ONE_UP) : List.of()));
    }

    /** The clock's time, or the last change's if the clock has jumped back behind it. */
    Instant notBefore(Instant clock) {
        return conditions.stream()
                .flatMap(condition -> Timestamps.parsed(condition.getLastTransitionTime()).stream())
                .filter(clock::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(clock);
    }

    /** A condition's time is that of its last change of status; a new reason or message does not move it. */
    String transitionTime(UndatedCondition condition, Instant now) {
        return conditions.stream()
                .filter(condition::hasStatusOf)
                .map(Condition::getLastTransitionTime)
                .findFirst()
                .orElseGet(() -> Timestamps.text(now));
    }
}

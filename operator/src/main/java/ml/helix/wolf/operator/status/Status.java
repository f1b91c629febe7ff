package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.Observations;
import org.jspecify.annotations.Nullable;

/** From observations to the status of a WolfTunnel. */
public final class Status {
    private Status() {}

    /**
     * Equals {@code previous} if nothing changed its meaning, however much time has passed. Less than 64 KiB, however many
     * agents there are and whatever they report.
     *
     * @param previous the last status, null if there is none
     * @param clock the time of what begins now; if it has jumped back, the time of the last change is used
     */
    public static WolfTunnelStatus of(Observations observed, @Nullable WolfTunnelStatus previous, Instant clock) {
        var last = new LastStatus(previous);
        var now = last.notBefore(clock);
        var verdicts =
                Verdicts.of(observed, last, now).stream().map(last::settled).toList();
        var counts = Counts.of(observed.rollout(), verdicts);
        var overall = new OverallConditions(observed, verdicts, counts);
        var lastStep = overall.isInProgress()
                ? Optional.of(ProgressDeadline.lastStep(last, observed.generation(), counts, verdicts, now))
                : Optional.<Instant>empty();
        boolean overdue =
                lastStep.filter(step -> ProgressDeadline.hasPassed(step, now)).isPresent();
        var conditions = Stream.of(
                        overall.conditions(overdue),
                        new AgentConditions(verdicts, counts.desired(), observed.rollout()).conditions(),
                        CordonCondition.of(observed.cordons(), verdicts).stream()
                                .toList())
                .flatMap(List::stream);
        var tunnels = TunnelList.of(verdicts, last, now);
        return new WolfTunnelStatus(
                observed.generation(),
                counts.desired(),
                counts.updated(),
                counts.connected(),
                counts.connected() + "/" + counts.desired() + " connected",
                WolfSummary.of(observed.agents(), last, verdicts, counts.desired())
                        .orElse(null),
                lastStep.map(Timestamps::text).orElse(null),
                conditions
                        .map(condition -> condition.dated(last.transitionTime(condition, now), observed.generation()))
                        .toList(),
                tunnels,
                verdicts.size() - tunnels.size());
    }

    /** Whether the condition Ready is True. */
    public static boolean isReady(WolfTunnelStatus status) {
        return status.conditions().stream()
                .filter(ConditionType.Ready::isOf)
                .anyMatch(condition -> condition.getStatus().equals("True"));
    }
}

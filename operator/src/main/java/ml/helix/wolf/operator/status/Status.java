package ml.helix.wolf.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.Rollout;
import org.jspecify.annotations.Nullable;

/** The status that observations mean. */
public final class Status {
    private Status() {}

    /**
     * Equal to {@code previous} where nothing changed its meaning, however much time has passed; and less than 64 KiB,
     * however many agents there are and whatever they say.
     *
     * @param previous the last status, null where there is none
     * @param clock for what begins now; where it has jumped back, the last change's time stands in for it
     */
    public static WolfTunnelStatus of(Observations observed, @Nullable WolfTunnelStatus previous, Instant clock) {
        var now = notBefore(previous, clock);
        var list = new TunnelList(previous == null ? List.of() : previous.tunnels(), now);
        var tunnels = list.settled(new Tunnels(observed, previous, now).list());
        int staying = (int) tunnels.stream()
                .filter(tunnel ->
                        !tunnel.pod().terminating() && !tunnel.pod().node().isEmpty())
                .count();
        int desired = observed.rollout().map(rollout -> rollout.wanted(staying)).orElse(0);
        int connected = Math.min(
                desired, (int) tunnels.stream().filter(Tunnel::connected).count());
        var progress = new Progress(observed, tunnels, desired, connected);
        int updated = observed.rollout().map(Rollout::updated).orElse(0);
        var lastStep = progress.isOnItsWay()
                ? Optional.of(Steps.last(previous, observed.generation(), desired, updated, connected, tunnels, now))
                : Optional.<Instant>empty();
        var verdicts = Stream.concat(
                progress.verdicts(lastStep.filter(step -> Steps.overdue(step, now))).stream(),
                new AgentConditions(tunnels, desired, observed.rollout()).verdicts().stream());
        var before = previous == null ? List.<Condition>of() : previous.conditions();
        var listed = list.of(tunnels);
        return new WolfTunnelStatus(
                observed.generation(),
                desired,
                updated,
                connected,
                connected + "/" + desired + " connected",
                wolf(observed, previous, tunnels, desired),
                lastStep.map(Times::text).orElse(null),
                verdicts.map(verdict -> dated(verdict, before, observed.generation(), now))
                        .toList(),
                listed,
                tunnels.size() - listed.size());
    }

    /** Whether the status' condition Ready is True. */
    public static boolean isReady(WolfTunnelStatus status) {
        return status.conditions().stream()
                .anyMatch(condition -> condition.getType().equals("Ready")
                        && condition.getStatus().equals("True"));
    }

    /** While an agent has not answered a new operator yet, the last status' text stands. */
    private static @Nullable String wolf(
            Observations observed, @Nullable WolfTunnelStatus previous, List<Tunnel> tunnels, int desired) {
        boolean unasked = observed.agents().stream()
                .anyMatch(agent -> agent.answer() instanceof AgentAnswer.None
                        && agent.pod().agent().filter(ContainerState::running).isPresent());
        if (unasked
                && previous != null
                && previous.wolf() != null
                && Integer.valueOf(desired).equals(previous.desired())) {
            return previous.wolf();
        }
        if (tunnels.stream()
                .allMatch(tunnel -> says(tunnel, AgentReport::wolfReachable).isEmpty())) {
            return null;
        }
        long reachable = count(tunnels, AgentReport::wolfReachable, true);
        long unhealthy = count(tunnels, AgentReport::wolfHealthy, false);
        return Math.min(reachable, desired) + "/" + desired + " reachable"
                + (unhealthy == 0 ? "" : ", " + unhealthy + " unhealthy");
    }

    private static long count(List<Tunnel> tunnels, Function<AgentReport, Optional<Boolean>> what, boolean answer) {
        return tunnels.stream()
                .filter(tunnel -> says(tunnel, what).equals(Optional.of(answer)))
                .count();
    }

    private static Optional<Boolean> says(Tunnel tunnel, Function<AgentReport, Optional<Boolean>> what) {
        return tunnel.report().flatMap(what);
    }

    private static Instant notBefore(@Nullable WolfTunnelStatus previous, Instant clock) {
        return previous == null
                ? clock
                : previous.conditions().stream()
                        .flatMap(condition -> Times.parsed(condition.getLastTransitionTime()).stream())
                        .filter(clock::isBefore)
                        .max(Comparator.naturalOrder())
                        .orElse(clock);
    }

    /** A condition's time is that of its last change of status; a new reason or message does not move it. */
    private static Condition dated(Verdict verdict, List<Condition> before, long generation, Instant now) {
        var since = before.stream()
                .filter(condition -> condition.getType().equals(verdict.type())
                        && condition.getStatus().equals(verdict.status()))
                .map(Condition::getLastTransitionTime)
                .findFirst()
                .orElseGet(() -> Times.text(now));
        return new ConditionBuilder()
                .withType(verdict.type())
                .withStatus(verdict.status())
                .withReason(verdict.reason())
                .withMessage(Words.ofCondition(verdict.message()))
                .withObservedGeneration(generation)
                .withLastTransitionTime(since)
                .build();
    }
}

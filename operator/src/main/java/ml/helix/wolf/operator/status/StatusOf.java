package ml.helix.wolf.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.Rollout;
import org.jspecify.annotations.Nullable;

/** The status that observations mean. */
public final class StatusOf {
    private StatusOf() {}

    /**
     * Equal to {@code previous} where nothing changed its meaning, however much time has passed; and less than 64 KiB,
     * however many agents there are and whatever they say.
     *
     * @param previous the last status, null where there is none
     * @param clock for what begins now; where it has jumped back, the last change's time stands in for it
     */
    public static WolfTunnelStatus observations(
            Observations observed, @Nullable WolfTunnelStatus previous, Instant clock) {
        var now = notBefore(previous, clock);
        var list = new TunnelList(previous == null ? List.of() : previous.tunnels(), now);
        var tunnels = list.settled(new Tunnels(previous).of(observed.agents()));
        int staying = (int) tunnels.stream()
                .filter(tunnel ->
                        !tunnel.pod().terminating() && !tunnel.pod().node().isEmpty())
                .count();
        int desired = observed.rollout().map(rollout -> rollout.wanted(staying)).orElse(0);
        int connected = Math.min(
                desired, (int) tunnels.stream().filter(Tunnel::connected).count());
        var verdicts = Stream.concat(
                new Progress(observed, tunnels, desired, connected).verdicts().stream(),
                new AgentConditions(tunnels, desired, observed.rollout()).verdicts().stream());
        var before = previous == null ? List.<Condition>of() : previous.conditions();
        var listed = list.of(tunnels);
        return new WolfTunnelStatus(
                observed.generation(),
                desired,
                observed.rollout().map(Rollout::updated).orElse(0),
                connected,
                connected + "/" + desired + " connected",
                verdicts.map(verdict -> dated(verdict, before, observed.generation(), now))
                        .toList(),
                listed,
                tunnels.size() - listed.size());
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

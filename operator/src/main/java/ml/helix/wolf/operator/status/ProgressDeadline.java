package ml.helix.wolf.operator.status;

import static java.util.Objects.requireNonNullElse;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.jspecify.annotations.Nullable;

/**
 * How long a WolfTunnel may be in progress without a step. A step is another spec or another number of nodes, one more pod
 * that runs or has the present template, or one more tunnel that is up. The time of the last step is in the status, so that
 * it survives a restart of the operator.
 */
final class ProgressDeadline {
    /** The default of a Deployment's progressDeadlineSeconds. */
    static final Duration DEADLINE = Duration.ofMinutes(10);

    private ProgressDeadline() {}

    /** Now if there was a step since the last status, or if that one was not in progress. */
    static Instant lastStep(LastStatus last, long generation, Counts counts, List<Verdict> verdicts, Instant now) {
        return last.status()
                .filter(status -> !isStep(status, generation, counts, verdicts))
                .flatMap(status -> Timestamps.parsed(status.lastStep()))
                .orElse(now);
    }

    private static boolean isStep(WolfTunnelStatus last, long generation, Counts counts, List<Verdict> verdicts) {
        return requireNonNullElse(last.observedGeneration(), 0L) != generation
                || requireNonNullElse(last.desired(), 0) != counts.desired()
                || requireNonNullElse(last.updated(), 0) < counts.updated()
                || requireNonNullElse(last.connected(), 0) < counts.connected()
                || running(last.tunnels().stream().map(TunnelStatus::state))
                        < running(
                                verdicts.stream().limit(TunnelList.MAX_ENTRIES).map(verdict -> verdict.state()
                                        .name()));
    }

    private static long running(Stream<@Nullable String> states) {
        return states.filter(state -> !TunnelState.Pending.name().equals(state)).count();
    }

    static boolean hasPassed(Instant lastStep, Instant now) {
        return Duration.between(lastStep, now).compareTo(DEADLINE) >= 0;
    }
}

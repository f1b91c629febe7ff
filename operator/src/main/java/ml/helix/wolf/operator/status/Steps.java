package ml.helix.wolf.operator.status;

import static java.util.Objects.requireNonNullElse;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.jspecify.annotations.Nullable;

/**
 * Since when a tunnel that is on its way has taken no step. A step is another spec or another number of nodes, a further pod
 * that runs or has the present template, or a further tunnel that is up. Its time is in the status, so it survives a restart
 * of the operator.
 */
final class Steps {
    /** As a Deployment's progressDeadlineSeconds. */
    static final Duration DEADLINE = Duration.ofMinutes(10);

    private Steps() {}

    /**
     * @param previous the last status, null where there is none
     * @return {@code now} where there was a step since, or nothing was on its way before
     */
    static Instant last(
            @Nullable WolfTunnelStatus previous,
            long generation,
            int desired,
            int updated,
            int connected,
            List<Tunnel> tunnels,
            Instant now) {
        var before = Optional.ofNullable(previous).flatMap(status -> Times.parsed(status.lastStep()));
        if (previous == null || before.isEmpty()) {
            return now;
        }
        boolean step = requireNonNullElse(previous.observedGeneration(), 0L) != generation
                || requireNonNullElse(previous.desired(), 0) != desired
                || requireNonNullElse(previous.updated(), 0) < updated
                || requireNonNullElse(previous.connected(), 0) < connected
                || running(previous.tunnels().stream().map(TunnelStatus::state))
                        < running(tunnels.stream().limit(TunnelList.MOST).map(Tunnel::state));
        return step ? now : before.get();
    }

    private static long running(Stream<@Nullable String> states) {
        return states.filter(state -> !"Pending".equals(state)).count();
    }

    static boolean overdue(Instant lastStep, Instant now) {
        return Duration.between(lastStep, now).compareTo(DEADLINE) >= 0;
    }
}

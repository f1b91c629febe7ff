package ml.helix.wolf.controlplane.registry;

import ml.helix.wolf.revdial.RunnerState;
import org.jspecify.annotations.Nullable;

/**
 * The tunnel of an instance as it is now.
 *
 * @param connected it has a control connection
 * @param inGracePeriod it has none, but is expected back
 * @param draining its agent is stopping
 * @param displaced two agents use its id
 * @param streams that run through it
 * @param replica which replica holds the control connection; null if there is only one
 */
public record Tunnel(
        String id,
        boolean connected,
        boolean inGracePeriod,
        boolean draining,
        boolean displaced,
        int streams,
        @Nullable String replica) {

    /** One that this process holds. */
    public static Tunnel of(RunnerState state, @Nullable String replica) {
        return new Tunnel(
                state.runnerId(),
                state.connected(),
                state.inGracePeriod(),
                state.draining(),
                state.displaced(),
                state.streams(),
                replica);
    }
}

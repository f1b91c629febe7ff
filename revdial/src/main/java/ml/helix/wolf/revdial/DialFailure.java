package ml.helix.wolf.revdial;

import java.io.Serializable;
import java.time.Duration;

/** Why a dial led to no stream. The names are the codes that callers of the HTTP API see. */
public sealed interface DialFailure extends Serializable {

    /** The id has no control connection and is not expected back. */
    record NoConnection() implements DialFailure {}

    /**
     * The id did not come back within its grace period.
     *
     * @param grace how long the grace period was
     */
    record ReconnectTimeout(Duration grace) implements DialFailure {}

    /**
     * Too many dials wait already.
     *
     * @param limit how many may wait
     */
    record MaxPendingDials(int limit) implements DialFailure {}

    /**
     * The time for a dial ran out before the agent answered.
     *
     * @param limit how long a dial may take in all
     */
    record DialTimeout(Duration limit) implements DialFailure {}

    /**
     * The agent answered that it can't.
     *
     * @param reason the agent's own text, unchanged
     */
    record PickupFailed(String reason) implements DialFailure {}

    /** The caller has gone, so no caller ever sees this failure. */
    record Withdrawn() implements DialFailure {}

    /** The name that callers see, for example {@code DialTimeout}. */
    default String code() {
        return getClass().getSimpleName();
    }

    /** One sentence: what happened, to whom, and what may help. */
    default String message(String runnerId) {
        return switch (this) {
            case NoConnection() ->
                runnerId + " is not connected: see whether its agent runs and reaches this control plane";
            case ReconnectTimeout(Duration grace) ->
                runnerId + " dropped and did not come back within " + grace.toSeconds() + " s";
            case MaxPendingDials(int limit) ->
                runnerId + " has " + limit + " dials waiting already: try again when it is back";
            case DialTimeout(Duration limit) ->
                runnerId + " picked up no data connection within " + limit.toSeconds() + " s";
            case Withdrawn() -> "the dial to " + runnerId + " was withdrawn: its caller has gone";
            case PickupFailed(String reason) -> runnerId + " could not pick up: " + reason;
        };
    }
}

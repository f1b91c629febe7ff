package ml.helix.wolf.revdial;

import java.time.Instant;

/** A runner came or went, as {@link ConnectionManager} saw it. */
public sealed interface RunnerEvent {

    /** Which runner. */
    String runnerId();

    /**
     * The runner has a control connection. It may have had one before, which this one takes over from.
     *
     * @param agent at the other end
     * @param at when it came up
     */
    record Connected(String runnerId, RemoteAgent agent, Instant at) implements RunnerEvent {}

    /**
     * The runner has no control connection any more; its grace period begins.
     *
     * @param agent at the other end of the connection that is over
     * @param at when it was noticed
     * @param end why it is over
     */
    record Lost(String runnerId, RemoteAgent agent, Instant at, ControlEnd end) implements RunnerEvent {}
}

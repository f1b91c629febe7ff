package ml.helix.wolf.revdial;

/**
 * Why this side ended a control connection.
 *
 * @param message one sentence for a log or a status, without any text of the peer
 */
public record ControlEnd(Cause cause, String message) {

    /** Why this side ends a connection. */
    public enum Cause {
        /** The peer sent no complete line, or read none, for too long. */
        KEEP_ALIVE_TIMEOUT,
        /** The peer sent bytes that are no control line. */
        PROTOCOL_ERROR,
        /** The peer sent more than its {@link FrameBudget}. */
        FLOOD,
        /** A newer control connection of the same id took over, and the streams of this one are done. */
        DISPLACED,
        /** This side is stopping, or has no more use for the connection. */
        CLOSED
    }
}

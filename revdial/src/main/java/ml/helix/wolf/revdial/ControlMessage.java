package ml.helix.wolf.revdial;

/** One line of a control connection. Its strings are as the peer sent them, so not to be trusted. */
public sealed interface ControlMessage {

    /** Server to agent: nothing but a sign of life. */
    record KeepAlive() implements ControlMessage {}

    /**
     * Server to agent: somebody wants a data connection.
     *
     * @param connPath where to pick it up, not yet checked: see {@link ConnPath#parse}; empty where the line had none
     */
    record ConnReady(String connPath) implements ControlMessage {}

    /**
     * Agent to server: a pickup did not work out.
     *
     * @param connPath as it was in the {@link ConnReady}, byte for byte
     * @param err the reason
     */
    record PickupFailed(String connPath, String err) implements ControlMessage {}

    /** A command of another version: to be ignored. */
    record Unknown(String command) implements ControlMessage {}
}

package ml.helix.wolf.revdial;

/** One line of a control connection. Its strings are unchecked: the peer may have sent anything. */
public sealed interface ControlMessage {

    /** Server to agent: the connection is alive. */
    record KeepAlive() implements ControlMessage {}

    /**
     * Server to agent: somebody wants a data connection.
     *
     * @param connPath where to pick it up, to be checked by {@link ConnPath#parse}; empty if the line had none
     */
    record ConnReady(String connPath) implements ControlMessage {}

    /** Server to agent, ours: open another control connection beside this one, and let this one go once that is up. */
    record Reconnect() implements ControlMessage {}

    /**
     * Agent to server: a pickup failed.
     *
     * @param connPath as it was in the {@link ConnReady}, byte for byte
     * @param err the reason
     */
    record PickupFailed(String connPath, String err) implements ControlMessage {}

    /** A command that this version doesn't know, and ignores. */
    record Unknown(String command) implements ControlMessage {}
}

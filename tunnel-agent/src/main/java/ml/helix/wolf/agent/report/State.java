package ml.helix.wolf.agent.report;

/** What the tunnel is doing. */
public enum State {
    /** Since the start, until the first connection or the first failure. */
    CONNECTING("Connecting"),
    CONNECTED("Connected"),
    /** From a failure on, through all attempts, until the next connection. */
    DISCONNECTED("Disconnected"),
    /** Stopping: running streams may end, nothing new begins. */
    DRAINING("Draining");

    private final String word;

    State(String word) {
        this.word = word;
    }

    /** The contract's word. */
    public String word() {
        return word;
    }
}

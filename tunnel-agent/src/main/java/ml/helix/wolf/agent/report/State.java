package ml.helix.wolf.agent.report;

/** The tunnel's state, as {@code /status} reports it. */
public enum State {
    /** From the start to the first connection or the first failure. */
    CONNECTING("Connecting"),
    CONNECTED("Connected"),
    /** From a failure to the next connection. */
    DISCONNECTED("Disconnected"),
    /** Stopping: running streams may end, no new one is opened. */
    DRAINING("Draining");

    private final String word;

    State(String word) {
        this.word = word;
    }

    /** The word in {@code /status}. */
    public String word() {
        return word;
    }
}

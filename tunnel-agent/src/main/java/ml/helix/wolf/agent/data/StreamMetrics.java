package ml.helix.wolf.agent.data;

import java.time.Duration;

/** Counts streams and their bytes. Thread-safe, never blocks. */
public interface StreamMetrics {
    /** How a stream ended. */
    enum Result {
        /** One of its sides ended it. */
        SUCCESS("success"),
        /** By an error. */
        BROKEN("broken"),
        /** Its request is not on the allow-list. */
        NOT_ALLOWED("not_allowed");

        private final String label;

        Result(String label) {
            this.label = label;
        }

        /** The value of the metric's label. */
        public String label() {
            return label;
        }
    }

    /**
     * A data connection is up.
     *
     * @param setup from the conn-ready until bytes can flow
     */
    void pickedUp(Duration setup);

    /** A stream is in use. One that was picked up ahead of need is not, until the control plane begins it. */
    void began();

    /** A stream that {@linkplain #began began} has ended. */
    void ended(Result result);

    void pickupFailed();

    void toWolf(long bytes);

    void fromWolf(long bytes);
}

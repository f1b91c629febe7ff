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

    /** @param setup from the conn-ready until bytes can flow */
    void opened(Duration setup);

    void ended(Result result);

    void pickupFailed();

    void toWolf(long bytes);

    void fromWolf(long bytes);
}

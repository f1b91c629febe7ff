package ml.helix.wolf.agent.data;

import java.time.Duration;

/** Counts streams and their bytes. Thread-safe, never blocks. */
public interface StreamMetrics {
    /** @param setup from the conn-ready until bytes can flow */
    void opened(Duration setup);

    /** @param broken whether an error ended the stream, rather than one of its sides */
    void ended(boolean broken);

    void pickupFailed();

    void toWolf(long bytes);

    void fromWolf(long bytes);
}

package ml.helix.wolf.agent.data;

import java.time.Duration;

/** Hears what becomes of the streams. Thread-safe, never blocks. */
public interface StreamLog {
    /** @param setup from conn-ready to the first byte that can flow */
    void opened(Duration setup);

    /** @param broken whether it was cut short by an error rather than ended by a side */
    void ended(boolean broken);

    void pickupFailed();

    void toWolf(long bytes);

    void fromWolf(long bytes);
}

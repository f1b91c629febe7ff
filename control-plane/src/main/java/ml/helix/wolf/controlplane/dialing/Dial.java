package ml.helix.wolf.controlplane.dialing;

import java.util.OptionalLong;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;

/** A dial that has started. Ends by {@link #await} or {@link #withdraw}. Implementations are thread safe. */
public interface Dial {

    /**
     * Waits for the stream; the caller closes it. Call it once.
     *
     * @throws DialException if the dial failed; {@link DialException#failure} says how
     * @throws InterruptedException if the waiting thread was interrupted; the dial is then withdrawn
     */
    ByteStream await() throws DialException, InterruptedException;

    /** What conn-readies and log lines name it by; empty if nothing does. */
    default String id() {
        return "";
    }

    /** When the agent was asked for the pickup, in the {@code nanoTime} of the dials; empty if it was not, or ahead of need. */
    default OptionalLong askedAt() {
        return OptionalLong.empty();
    }

    /** Whether {@link #await} returns without waiting. */
    boolean isSettled();

    /** Whether its stream was picked up before the dial started, so that Wolf may have closed it meanwhile. */
    default boolean isPickedUpAhead() {
        return false;
    }

    /**
     * Gives the dial up because its caller has gone: a dial that still waits fails with {@code Withdrawn}, and a stream that
     * it has led to is closed. Idempotent; never blocks.
     */
    void withdraw();
}

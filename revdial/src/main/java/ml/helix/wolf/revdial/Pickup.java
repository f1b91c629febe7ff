package ml.helix.wolf.revdial;

import java.io.IOException;

/** What the agent does for a conn-ready: it opens a data connection and a connection to the local API. */
public interface Pickup {

    /**
     * Opens both connections. Called on a virtual thread of its own, which is interrupted when the time for a pickup is
     * over; a result that comes later is closed at once.
     *
     * @throws IOException if either could not be opened; nothing may stay open. The message becomes the reason in the
     *     pickup-failed, so it holds no secret. Best a {@link PickupException}
     * @throws InterruptedException if the thread was interrupted
     */
    PreparedSplice pickUp(ConnPath connPath) throws IOException, InterruptedException;

    /**
     * Called once for each conn-ready that was answered by a pickup-failed, on any thread. Must not block.
     */
    default void failed(PickupException failure) {}

    /** Two streams that are open and not spliced yet. */
    interface PreparedSplice {

        /** Splices them until they end. Called at most once, on the thread of the pickup. */
        void run();

        /** Closes both. Called instead of {@link #run} if the pickup came too late. */
        void close();
    }
}

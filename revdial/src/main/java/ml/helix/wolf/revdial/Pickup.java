package ml.helix.wolf.revdial;

import java.io.IOException;

/** What the agent does with a conn-ready: it opens a data connection and joins it with the local API. */
public interface Pickup {

    /**
     * Opens the data connection and the local one. Called on a virtual thread of its own, and interrupted when the time
     * for a pickup is over; what it returns after that is closed at once.
     *
     * @throws IOException where either could not be opened: its message becomes the reason in the pickup-failed, so no
     *     secrets. Nothing may be left open. Best a {@link PickupException}.
     * @throws InterruptedException where the thread was interrupted
     */
    PreparedSplice pickUp(ConnPath connPath) throws IOException, InterruptedException;

    /**
     * Told once for each conn-ready that led to no data connection, whatever the reason, on the thread that found out.
     * Must not block.
     */
    default void failed(PickupException failure) {}

    /** Two connections that are open and not yet served. */
    interface PreparedSplice {

        /** Copies until they end, and closes both. Called at most once, on the thread of the pickup. */
        void run();

        /** Closes both. Called instead of {@link #run} where nobody waits for them any more. */
        void close();
    }
}

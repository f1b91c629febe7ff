package ml.helix.wolf.agent.control;

import ml.helix.wolf.agent.failure.TunnelException;

/**
 * A control connection, from the dial to its end. {@link #serve} is called once and occupies one thread; the rest may
 * come from any other, at any time.
 */
public interface Link {

    /**
     * Connects, then answers the server until the connection ends. Returns only after {@link #close}.
     *
     * @param up called once the upgrade is accepted, on this thread
     * @throws TunnelException why it never came up, or why it is down
     */
    void serve(Runnable up) throws TunnelException;

    /** From now on each conn-ready is answered by a pickup-failed. */
    void drain();

    /** Says goodbye and ends {@link #serve}; what was picked up goes on. Idempotent. */
    void close();
}

package ml.helix.wolf.agent.reconnect;

import ml.helix.wolf.agent.failure.TunnelException;

/**
 * A control connection, from the connect to its end. {@link #serve} is called once and occupies its thread; the other
 * methods may be called by any thread at any time.
 */
public interface ControlConnection {

    /**
     * Connects, then answers the server until the connection ends. Returns normally only after {@link #close}.
     *
     * @param onUp called on this thread when the server has accepted the upgrade
     * @param onReconnect called when the server asks for another connection beside this one; must not block
     * @throws TunnelException why the connection never came up, or why it was lost
     */
    void serve(Runnable onUp, Runnable onReconnect) throws TunnelException;

    /** From now on answers each conn-ready with a pickup-failed. */
    void drain();

    /** Whether a conn-ready of this connection is not answered yet. */
    boolean isPickingUp();

    /** Sends a close frame and ends {@link #serve}. Pickups under way and streams go on. Idempotent. */
    void close();
}

package ml.helix.wolf.revdial;

import java.util.function.Predicate;

/**
 * A tunnel whose control connection another replica holds. Conn-readies go out there; the data connections come here,
 * since the dialer id names this replica. {@link ConnectionManager#remoteConnected} makes it. Thread-safe.
 */
public final class RemoteDialer extends Dialer {
    private final Predicate<String> holder;

    /** @param holder as of {@link ConnectionManager#remoteConnected} */
    RemoteDialer(ConnectionManager manager, Runner runner, String id, RemoteAgent agent, Predicate<String> holder) {
        super(manager, runner, id, agent);
        this.holder = holder;
    }

    /** Call when the holder has lost the runner, or is itself lost. The grace period begins. Idempotent. */
    public void lost(String reason) {
        manager.lost(this, new ControlEnd(ControlEnd.Cause.CLOSED, reason));
    }

    @Override
    boolean sendConnReady(String connPath) {
        return holder.test(connPath);
    }

    @Override
    void start() {
        // nothing runs
    }

    @Override
    void end(ControlEnd end) {
        // the holder learns it from the database
    }
}

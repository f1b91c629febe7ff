package ml.helix.wolf.revdial;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import org.jspecify.annotations.Nullable;

/**
 * The control plane's half of a tunnel: a dialer id, and the dials that were asked for under it and wait for their
 * pickups. The control connection is held here ({@link LocalDialer}) or by another replica ({@link RemoteDialer}).
 */
public abstract sealed class Dialer permits LocalDialer, RemoteDialer {

    /** How many dials may wait for a pickup at once. */
    static final int MAX_ASKED = 4096;

    private static final String PICKUP_PATH = "/revdial?revdial.dialer=%s&revdial.req=%s";

    final ConnectionManager manager;
    final Runner runner;
    final String id;
    final RemoteAgent agent;
    // Guarded by the manager's lock.
    private final Map<String, PendingDial> asked = new LinkedHashMap<>();
    int streams;
    /** Streams that nobody uses yet; they are not among {@link #streams}. */
    final Set<IdleStream> idle = new HashSet<>();

    boolean over;
    /** Whether another agent has taken the id, and this one has not confirmed it yet. */
    boolean displaced;

    Dialer(ConnectionManager manager, Runner runner, String id, RemoteAgent agent) {
        this.manager = manager;
        this.runner = runner;
        this.id = id;
        this.agent = agent;
    }

    /** The id of the agent. */
    public final String runnerId() {
        return runner.id;
    }

    /** The random id, 32 hex digits; data connections name it. */
    public final String id() {
        return id;
    }

    /** Has a conn-ready with this path sent. Called under the manager's lock; never blocks. Returns whether there was room. */
    abstract boolean sendConnReady(String connPath);

    /** Called once, without the manager's lock, when the dialer can be used. */
    abstract void start();

    /** Called without the manager's lock, after {@link #over} was set. */
    abstract void end(ControlEnd end);

    /** Asks the agent for a data connection; fails the dial if there is no room. Called under the manager's lock; never blocks. */
    final void ask(PendingDial dial, List<Runnable> then) {
        if (asked.size() < MAX_ASKED && sendConnReady(PICKUP_PATH.formatted(id, dial.requestId))) {
            asked.put(dial.requestId, dial);
            dial.asked(manager.now());
        } else {
            dial.fail(new MaxPendingDials(MAX_ASKED), then);
        }
    }

    /** How many dials wait here; under the manager's lock. */
    final int askedCount() {
        return asked.size();
    }

    /** Takes a dial out, under the manager's lock. Returns whether it waited here. */
    final boolean take(PendingDial dial) {
        return asked.remove(dial.requestId, dial);
    }

    /** Takes a dial out, under the manager's lock; null if none with this id waits here. */
    final @Nullable PendingDial take(String requestId) {
        return asked.remove(requestId);
    }

    /** Takes all dials out, the oldest first, under the manager's lock. */
    final List<PendingDial> takeAll() {
        List<PendingDial> taken = new ArrayList<>(asked.values());
        asked.clear();
        return taken;
    }

    /** Counts a stream as running, under the manager's lock. */
    final void streamOpened() {
        streams++;
        runner.streams++;
    }

    /** Closes the idle streams after the change; called under the manager's lock. */
    final void closeIdle(List<Runnable> then) {
        idle.forEach(stream -> then.add(stream::close));
        idle.clear();
    }
}

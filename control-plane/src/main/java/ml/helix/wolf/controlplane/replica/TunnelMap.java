package ml.helix.wolf.controlplane.replica;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.revdial.RemoteDialer;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.revdial.RunnerEvent.Lost;
import org.jspecify.annotations.Nullable;

/**
 * Which replica holds which tunnel, in memory. Tells the {@link ConnectionManager} of those that others hold, so that a dial
 * asks no database; and keeps what has to be written of those that this replica holds. The newest generation wins.
 *
 * <p>Thread-safe. It calls the manager under its own lock, and the manager never calls back into it.
 */
final class TunnelMap {
    private final String self;
    private final ConnectionManager connections;
    private final Holders holders;
    // All guarded by this.
    /** The newest connections at other replicas. */
    private final Map<String, TunnelRow> rows = new HashMap<>();
    /** For those rows whose replica can be reached. */
    private final Map<String, RemoteDialer> dialers = new HashMap<>();
    /** The newest connections at this replica. */
    private final Map<String, TunnelRow> held = new HashMap<>();
    /** What the database doesn't know yet of this replica's connections; a row without a replica was lost. */
    private final Map<String, TunnelRow> unwritten = new HashMap<>();

    private final Set<String> reachable = new HashSet<>();

    /** Reaches the replicas. */
    @FunctionalInterface
    interface Holders {
        /** Has a conn-ready sent by a replica. Never blocks. Returns false if there is no room. */
        boolean ask(String replica, String runnerId, long generation, String connPath);
    }

    TunnelMap(String self, ConnectionManager connections, Holders holders) {
        this.self = self;
        this.connections = connections;
        this.holders = holders;
    }

    /** A control connection of this replica came or went. Returns whether there is something to write. */
    synchronized boolean local(RunnerEvent event) {
        String id = event.runnerId();
        switch (event) {
            case Connected(String _, RemoteAgent agent, var at) -> {
                var row = new TunnelRow(id, self, TunnelRow.generation(at), agent.identity());
                TunnelRow other = rows.get(id);
                if (other != null && other.generation() > row.generation()) {
                    return false; // it was displaced before this event came
                }
                dialers.remove(id); // the manager has replaced it already
                held.put(id, row);
                unwritten.put(id, row);
            }
            case Lost lost -> {
                TunnelRow row = held.remove(id);
                if (row == null) {
                    return false;
                }
                unwritten.put(id, new TunnelRow(id, null, row.generation(), row.agent()));
            }
        }
        return true;
    }

    synchronized List<TunnelRow> unwritten() {
        return List.copyOf(unwritten.values());
    }

    /** The database has them now. */
    synchronized void written(Collection<TunnelRow> done) {
        done.forEach(row -> unwritten.remove(row.runnerId(), row));
    }

    /** The database has forgotten this replica: everything that it holds must be written again. */
    synchronized void writeAllAgain() {
        held.forEach(unwritten::putIfAbsent);
    }

    /** Rows that are new or have changed. */
    synchronized void changed(Collection<TunnelRow> changes) {
        changes.forEach(this::changed);
    }

    /** All rows that there are: what else was known is gone. */
    synchronized void all(Collection<TunnelRow> present) {
        changed(present);
        Set<String> ids = new HashSet<>();
        present.forEach(row -> ids.add(row.runnerId()));
        drop(row -> !ids.contains(row.runnerId()), "the database knows it no longer");
    }

    private void changed(TunnelRow row) {
        String id = row.runnerId();
        TunnelRow known = rows.get(id);
        if (known != null && known.generation() > row.generation()) {
            return;
        }
        if (row.replica() == null) {
            if (known != null) {
                drop(known, "its control connection to replica " + known.replica() + " is over");
            }
            return;
        }
        if (row.replica().equals(self) || row.equals(known)) {
            return;
        }
        TunnelRow own = held.get(id);
        if (own != null && own.generation() > row.generation()) {
            return; // ours is newer, and will be written
        }
        if (own != null) {
            held.remove(id);
            unwritten.remove(id);
        }
        rows.put(id, row);
        if (reachable.contains(row.replica())) {
            connect(row);
        } else {
            lose(id, "replica " + row.replica() + ", to which it is connected, can't be reached");
        }
    }

    private void connect(TunnelRow row) {
        String replica = row.replica();
        if (replica == null) {
            return;
        }
        dialers.put(
                row.runnerId(),
                connections.remoteConnected(
                        row.runnerId(),
                        new RemoteAgent(row.agent(), "replica " + replica, 0),
                        row.connectedAt(),
                        connPath -> holders.ask(replica, row.runnerId(), row.generation(), connPath)));
    }

    /**
     * Whether a replica can be reached may have changed. While it can't, its runners are in grace, until it can or they come
     * back elsewhere.
     *
     * @param isReachable asked under the lock, so that the last call decides
     */
    synchronized void reachability(String replica, BooleanSupplier isReachable) {
        if (!isReachable.getAsBoolean()) {
            if (reachable.remove(replica)) {
                rows.values().stream()
                        .filter(row -> replica.equals(row.replica()))
                        .forEach(row -> lose(row.runnerId(), "replica " + replica + " does not answer"));
            }
        } else if (reachable.add(replica)) {
            rows.values().stream()
                    .filter(row -> replica.equals(row.replica()) && !dialers.containsKey(row.runnerId()))
                    .filter(row -> !isOlderThanHeld(row))
                    .forEach(this::connect);
        }
    }

    private boolean isOlderThanHeld(TunnelRow row) {
        TunnelRow own = held.get(row.runnerId());
        return own != null && own.generation() > row.generation();
    }

    /** A replica is gone for good. */
    synchronized void gone(String replica) {
        reachable.remove(replica);
        drop(row -> replica.equals(row.replica()), "replica " + replica + " is gone");
    }

    /** A replica says that it doesn't hold a connection of that generation. */
    synchronized void notHeld(String replica, String runnerId, long generation) {
        TunnelRow row = rows.get(runnerId);
        if (row != null && replica.equals(row.replica()) && row.generation() == generation) {
            drop(row, "replica " + replica + " holds it no longer");
        }
    }

    private void drop(Predicate<TunnelRow> which, String why) {
        new ArrayList<>(rows.values()).stream().filter(which).forEach(row -> drop(row, why));
    }

    private void drop(TunnelRow row, String why) {
        rows.remove(row.runnerId());
        lose(row.runnerId(), why);
    }

    private void lose(String runnerId, String why) {
        RemoteDialer dialer = dialers.remove(runnerId);
        if (dialer != null) {
            dialer.lost(why);
        }
    }

    /** The replica that holds a runner's newest connection; empty if none does. */
    synchronized Optional<String> holder(String runnerId) {
        @Nullable TunnelRow row = held.getOrDefault(runnerId, rows.get(runnerId));
        return row == null ? Optional.empty() : Optional.ofNullable(row.replica());
    }

    /** The runners whose newest connection this replica holds. */
    synchronized List<String> held() {
        return List.copyOf(held.keySet());
    }

    /** How many tunnels each replica holds; one that holds none may be missing. */
    synchronized Map<String, Integer> counts() {
        Map<String, Integer> counts = new HashMap<>();
        counts.put(self, held.size());
        rows.values().stream()
                .filter(row -> row.replica() != null && !held.containsKey(row.runnerId()))
                .forEach(row -> counts.merge(String.valueOf(row.replica()), 1, Integer::sum));
        return counts;
    }
}

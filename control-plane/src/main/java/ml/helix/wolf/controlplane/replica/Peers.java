package ml.helix.wolf.controlplane.replica;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.FailedPickup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other replicas, as the database names them and this one reaches them. Thread-safe. */
final class Peers implements Peer.Listener, AutoCloseable {
    private static final Duration NEW_REPLICA = Duration.ofSeconds(1);
    private static final int MAX_GONE = 1000;
    private static final Logger log = LoggerFactory.getLogger(Peers.class);

    private final String self;
    private final PeerDoor door;
    private final TunnelMap tunnels;
    private final StreamCounts streams;
    private final Consumer<FailedPickup> failedPickups;
    private final Consumer<Duration> awaitRound;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final Map<String, Peer> peers = new ConcurrentHashMap<>();
    /** The replica of each fingerprint. */
    private final Map<String, String> replicas = new ConcurrentHashMap<>();

    private final Set<String> gone = ConcurrentHashMap.newKeySet();
    private final AtomicLong lost = new AtomicLong();

    /**
     * @param failedPickups gets what they say of the pickups for this one
     * @param awaitRound waits, for so long at most, until the database has been read again, which calls {@link #seen}
     * @param timers runs short tasks only
     */
    Peers(
            String self,
            PeerIdentity identity,
            TunnelMap tunnels,
            StreamCounts streams,
            Consumer<FailedPickup> failedPickups,
            Consumer<Duration> awaitRound,
            ScheduledExecutorService timers,
            LongSupplier nanoTime) {
        this.self = self;
        this.door = new PeerDoor(identity, this::replicaOf, timers);
        this.tunnels = tunnels;
        this.streams = streams;
        this.failedPickups = failedPickups;
        this.awaitRound = awaitRound;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** Lets them in, and nobody else. */
    PeerDoor door() {
        return door;
    }

    /** A certificate that is not known may be that of a replica which has just started: waits until its row would be read. */
    private Optional<String> replicaOf(String fingerprint) {
        if (!replicas.containsKey(fingerprint)) {
            awaitRound.accept(NEW_REPLICA);
        }
        return Optional.ofNullable(replicas.get(fingerprint));
    }

    Collection<Peer> all() {
        return peers.values();
    }

    /** As {@link #find}, without a wait. */
    @Nullable
    Peer known(String replica) {
        return peers.get(replica);
    }

    /** A replica by its id; null if there is none. One that has just started may not be known yet: waits for it. */
    @Nullable
    Peer find(String replica) {
        if (!peers.containsKey(replica) && !replica.isEmpty() && !gone.contains(replica)) {
            awaitRound.accept(NEW_REPLICA);
        }
        return peers.get(replica);
    }

    /** How many have gone without taking their row out of the database, as one does that stops. */
    long lost() {
        return lost.get();
    }

    /** Whether there was a replica of that id. */
    boolean isGone(String replica) {
        return gone.contains(replica);
    }

    /** The database was read. One thread at a time. */
    ReplicaSync.Judged seen(ReplicaSync.Seen seen) {
        boolean back = false;
        Set<String> dead = new HashSet<>();
        Set<String> present = new HashSet<>();
        for (ReplicaRow row : seen.replicas()) {
            if (row.id().equals(self)) {
                continue;
            }
            Peer peer = peers.get(row.id());
            // A replica that answers lives, even if it can't reach the database.
            if (row.expired() && seen.trusted() && (peer == null || peer.link().isEmpty())) {
                dead.add(row.id());
                continue;
            }
            present.add(row.id());
            replicas.put(row.fingerprint(), row.id());
            if (peer == null) {
                back |= gone.remove(row.id());
                add(row);
            }
        }
        for (Peer peer : List.copyOf(peers.values())) {
            if (!present.contains(peer.id())) {
                if (dead.contains(peer.id())) {
                    lost.incrementAndGet();
                }
                remove(peer);
            }
        }
        return new ReplicaSync.Judged(dead, back);
    }

    private void add(ReplicaRow row) {
        var peer = new Peer(row, door, this, timers, nanoTime);
        peers.put(row.id(), peer);
        tunnels.reachability(row.id(), peer::isReachable);
        peer.start();
    }

    private void remove(Peer peer) {
        log.info("Replica {} is gone", peer.id());
        peers.remove(peer.id());
        replicas.values().removeIf(peer.id()::equals);
        if (gone.size() < MAX_GONE) {
            gone.add(peer.id());
        }
        streams.forget(peer.id());
        tunnels.gone(peer.id());
        peer.close();
    }

    @Override
    public void reachabilityChanged(Peer peer) {
        if (peers.get(peer.id()) == peer) {
            tunnels.reachability(peer.id(), peer::isReachable);
        }
    }

    @Override
    public void notHeld(Peer peer, String runnerId, long generation) {
        tunnels.notHeld(peer.id(), runnerId, generation);
    }

    @Override
    public void failed(FailedPickup pickup) {
        failedPickups.accept(pickup);
    }

    /** Closes what leads to them. Idempotent. */
    @Override
    public void close() {
        peers.values().forEach(Peer::close);
    }
}

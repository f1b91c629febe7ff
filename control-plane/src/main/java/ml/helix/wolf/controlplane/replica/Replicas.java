package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.registry.Tunnel;
import ml.helix.wolf.controlplane.registry.Tunnels;
import ml.helix.wolf.controlplane.replica.PeerMessage.Bring;
import ml.helix.wolf.controlplane.replica.PeerMessage.Known;
import ml.helix.wolf.controlplane.replica.PeerMessage.Refused;
import ml.helix.wolf.controlplane.revdial.OtherReplicas;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.DialerState;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerState;
import ml.helix.wolf.revdial.Stats;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This replica among the others that share its database. Tells its {@link ConnectionManager} of the runners that others hold,
 * takes pickups to whom they are for, and moves tunnels away if it holds too many. Runs from {@link #start} until {@link
 * #close}. Thread-safe.
 */
public final class Replicas implements Tunnels, OtherReplicas, AutoCloseable {
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration STATS_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration NEW_REPLICA = Duration.ofSeconds(1);
    private static final int MAX_GONE = 1000;
    private static final Logger log = LoggerFactory.getLogger(Replicas.class);

    private final String id;
    private final PeerSettings settings;
    private final ConnectionManager connections;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final PeerDoor door;
    private final PeerListener listener;
    private final TunnelMap tunnels;
    private final ReplicaSync sync;
    private final StreamCounts streams = new StreamCounts();
    private final Map<String, Peer> peers = new ConcurrentHashMap<>();
    /** The replica of each fingerprint. */
    private final Map<String, String> replicas = new ConcurrentHashMap<>();

    private final Set<String> gone = ConcurrentHashMap.newKeySet();
    /** Pickups that are being joined through to other replicas. */
    private final AtomicInteger joins = new AtomicInteger();

    private volatile boolean moving;
    private volatile boolean draining;

    /** @param timers runs short tasks only */
    public Replicas(
            PeerSettings settings,
            Database database,
            DatabaseClock clock,
            DialerIds ids,
            ConnectionManager connections,
            LocalNews news,
            ScheduledExecutorService timers,
            LongSupplier nanoTime)
            throws IOException {
        this.id = ids.replica();
        this.settings = settings;
        this.connections = connections;
        this.timers = timers;
        this.nanoTime = nanoTime;
        var identity = PeerIdentity.create(id, Instant.now());
        this.door = new PeerDoor(identity, this::replicaOf, timers);
        this.listener = new PeerListener(settings.listen(), door, connections, streams);
        this.tunnels = new TunnelMap(id, connections, this::ask);
        this.sync = new ReplicaSync(database, tunnels, clock, nanoTime, id, identity.fingerprint(), this::seen);
        news.to(this::local, listener::tell);
    }

    /** @throws IOException if the port for replicas can't be bound */
    public void start() throws IOException {
        listener.start();
        log.info("This is replica {}; others reach it at {}", id, address());
        sync.start(address());
        sync.awaitFirstRound(PeerDoor.TIMEOUT);
        timers.scheduleAtFixedRate(
                () -> Thread.ofVirtual().name("replica-tick").start(this::tick),
                TICK.toNanos(),
                TICK.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    /** Where the others reach this one, once it has started. */
    public String address() {
        return settings.reachedAt(listener.port());
    }

    /** A certificate that is not known may be that of a replica which has just started: waits until its row would be read. */
    private Optional<String> replicaOf(String fingerprint) {
        if (!replicas.containsKey(fingerprint)) {
            sync.awaitRound(NEW_REPLICA);
        }
        return Optional.ofNullable(replicas.get(fingerprint));
    }

    private void local(RunnerEvent event) {
        if (tunnels.local(event)) {
            sync.wake();
        }
    }

    private boolean ask(String replica, String runnerId, long generation, String connPath) {
        Peer peer = peers.get(replica);
        return peer != null && peer.ask(runnerId, generation, connPath);
    }

    private ReplicaSync.Judged seen(ReplicaSync.Seen seen) {
        boolean back = false;
        Set<String> dead = new HashSet<>();
        Set<String> present = new HashSet<>();
        for (ReplicaRow row : seen.replicas()) {
            if (row.id().equals(id)) {
                continue;
            }
            Peer peer = peers.get(row.id());
            // A replica that answers lives, even if it can't reach the database.
            if (row.expired() && seen.trusted() && (peer == null || !peer.isLinked())) {
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
                remove(peer);
            }
        }
        return new ReplicaSync.Judged(dead, back);
    }

    private void add(ReplicaRow row) {
        var peer = new Peer(row, door, new PeerNews(), timers, nanoTime);
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

    private final class PeerNews implements Peer.Listener {
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
            connections.dials().pickupFailed(pickup);
        }
    }

    @Override
    public OtherReplicas.Join join(String dialerId, String requestId) throws ApiException {
        String replica = DialerIds.replicaOf(dialerId);
        Peer peer = peer(replica);
        if (peer == null) {
            throw refusal(gone.contains(replica) ? DialerState.EXPIRED : DialerState.UNKNOWN);
        }
        try {
            Peer.Answer answer = peer.join(new Bring(dialerId, requestId));
            return switch (answer.message()) {
                case Known(String runnerId) -> new Joined(peer, answer.connection(), runnerId, joins);
                case Refused(DialerState state) -> {
                    peer.giveBack(answer.connection());
                    throw refusal(state);
                }
                default -> {
                    answer.connection().close();
                    throw new IOException("it answered with " + answer.message());
                }
            };
        } catch (IOException e) {
            log.info("A pickup could not be taken to replica {}: {}", replica, e.getMessage());
            throw new ApiException(new ApiError(503, "ReplicaUnreachable", "the replica that dialled does not answer"));
        }
    }

    /** A replica that has just started may not be known yet. */
    private @Nullable Peer peer(String replica) {
        Peer peer = peers.get(replica);
        if (peer == null && !replica.isEmpty() && !gone.contains(replica)) {
            sync.awaitRound(NEW_REPLICA);
            peer = peers.get(replica);
        }
        return peer;
    }

    private static ApiException refusal(DialerState state) {
        return new ApiException(
                state == DialerState.EXPIRED
                        ? new ApiError(410, "Gone", "revdial.dialer: its control connection is over")
                        : ApiError.notFound("revdial.dialer: unknown"));
    }

    /** What is done each second: tells the others of streams, and moves tunnels away if there are too many. */
    public void tick() {
        Map<String, Integer> running = connections.dials().streams();
        peers.values().forEach(peer -> peer.tellStreams(running));
        if (!draining) {
            rebalance();
        }
    }

    private void rebalance() {
        Map<String, Integer> counts = tunnels.counts();
        List<Integer> others = peers.values().stream()
                .filter(Peer::isReachable)
                .map(peer -> counts.getOrDefault(peer.id(), 0))
                .toList();
        int count = Rebalancing.step(counts.getOrDefault(id, 0), others, moving);
        if (count > 0 != moving) {
            log.info("Tunnels {}: {} here, {} elsewhere", count > 0 ? "move" : "are balanced", counts.get(id), others);
        }
        moving = count > 0;
        if (moving) {
            List<String> held = new ArrayList<>(tunnels.held());
            Collections.shuffle(held);
            held.stream().limit(count).forEach(connections::reconnect);
        }
    }

    /** How long running streams may go on when this one stops. */
    public Duration drainTime() {
        return settings.drain();
    }

    /** From now on tunnels only go. */
    public void drain() {
        draining = true;
    }

    /** The four numbers of all replicas together; those that don't answer within a second count with what is known here. */
    public Stats stats() {
        Stats known = connections.stats();
        int dials = known.pendingDialsTotal();
        int ids = known.pendingDialsPerKey();
        List<CompletableFuture<Stats>> answers =
                peers.values().stream().map(Peer::stats).toList();
        for (CompletableFuture<Stats> answer : answers) {
            try {
                Stats other = answer.get(STATS_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
                dials += other.pendingDialsTotal();
                ids += other.pendingDialsPerKey();
            } catch (ExecutionException | TimeoutException e) {
                log.debug("A replica told no statistics", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return new Stats(known.activeConnections(), known.gracePeriodEntries(), dials, ids);
    }

    /** How many pickups go through here to other replicas now. */
    public int joins() {
        return joins.get();
    }

    /** How many replicas there are that this one can reach, itself included. */
    public int count() {
        return 1 + (int) peers.values().stream().filter(Peer::isReachable).count();
    }

    @Override
    public List<Tunnel> all() {
        return connections.runners().stream().map(this::tunnel).toList();
    }

    @Override
    public Optional<Tunnel> find(String runnerId) {
        return connections.runner(runnerId).map(this::tunnel);
    }

    private Tunnel tunnel(RunnerState state) {
        Tunnel here = Tunnel.of(state, tunnels.holder(state.runnerId()).orElse(null));
        return new Tunnel(
                here.id(),
                here.connected(),
                here.inGracePeriod(),
                here.draining(),
                here.displaced(),
                here.streams() + streams.of(state.runnerId()),
                here.replica());
    }

    /** Leaves the database, then closes what leads to the other replicas, streams included. Idempotent. */
    @Override
    public void close() {
        sync.close();
        peers.values().forEach(Peer::close);
        listener.close();
    }
}

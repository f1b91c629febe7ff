package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerState;
import ml.helix.wolf.revdial.Stats;
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
    private static final Logger log = LoggerFactory.getLogger(Replicas.class);

    private final String id;
    private final PeerSettings settings;
    private final ConnectionManager connections;
    private final ScheduledExecutorService timers;
    private final PeerListener listener;
    private final TunnelMap tunnels;
    private final ReplicaSync sync;
    private final StreamCounts streams = new StreamCounts();
    private final Peers peers;
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
        var identity = PeerIdentity.create(id, Instant.now());
        this.tunnels = new TunnelMap(id, connections, this::ask);
        this.peers = new Peers(
                id, identity, tunnels, streams, connections.dials()::pickupFailed, this::awaitRound, timers, nanoTime);
        this.listener = new PeerListener(settings.listen(), peers.door(), connections, streams);
        this.sync = new ReplicaSync(database, tunnels, clock, nanoTime, id, identity.fingerprint(), peers::seen);
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

    /** How many replicas live as far as this one knows, itself included. */
    public int living() {
        return peers.all().size() + 1;
    }

    /** How many others have been lost since this one started: they didn't stop in order, and can't be reached. */
    public long lost() {
        return peers.lost();
    }

    private void awaitRound(Duration longest) {
        sync.awaitRound(longest);
    }

    private void local(RunnerEvent event) {
        if (tunnels.local(event)) {
            sync.wake();
        }
    }

    private boolean ask(String replica, String runnerId, long generation, String connPath) {
        Peer peer = peers.known(replica);
        return peer != null && peer.ask(runnerId, generation, connPath);
    }

    @Override
    public OtherReplicas.Join join(String dialerId, String requestId) throws ApiException {
        String replica = DialerIds.replicaOf(dialerId);
        Peer peer = peers.find(replica);
        if (peer == null) {
            throw refusal(peers.isGone(replica) ? DialerState.EXPIRED : DialerState.UNKNOWN);
        }
        try {
            PeerConnections.Answer answer = peer.connections().join(new Bring(dialerId, requestId));
            return switch (answer.message()) {
                case Known(String runnerId) -> new Joined(peer.connections(), answer.connection(), runnerId, joins);
                case Refused(DialerState state) -> {
                    peer.connections().giveBack(answer.connection());
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

    private static ApiException refusal(DialerState state) {
        return new ApiException(
                state == DialerState.EXPIRED
                        ? new ApiError(410, "Gone", "revdial.dialer: its control connection is over")
                        : ApiError.notFound("revdial.dialer: unknown"));
    }

    /** What is done each second: tells the others of streams, and moves tunnels away if there are too many. */
    public void tick() {
        Map<String, Integer> running = connections.dials().streams();
        peers.all().forEach(peer -> peer.link().ifPresent(link -> link.tellStreams(running)));
        if (!draining) {
            rebalance();
        }
    }

    private void rebalance() {
        Map<String, Integer> counts = tunnels.counts();
        List<Integer> others = peers.all().stream()
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
        List<CompletableFuture<Stats>> answers = peers.all().stream()
                .flatMap(peer -> peer.link().stream())
                .map(PeerLink::askStats)
                .toList();
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
        return 1 + (int) peers.all().stream().filter(Peer::isReachable).count();
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
        peers.close();
        listener.close();
    }
}

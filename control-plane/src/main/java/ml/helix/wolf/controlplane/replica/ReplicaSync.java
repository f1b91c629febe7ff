package ml.helix.wolf.controlplane.replica;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.store.ChangeListener;
import ml.helix.wolf.controlplane.store.Database;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the {@link TunnelMap} and the database the same. Each round is one transaction: it renews the lease if that is due,
 * writes what has changed here, and reads what has changed elsewhere. There is a round each second, and {@link #LEAST} after
 * the last one if something happened here or a notification came. A round that fails loses nothing; the next one does it.
 *
 * <p>One thread for the rounds, from {@link #start} to {@link #close}.
 */
final class ReplicaSync implements AutoCloseable {
    /** How much time lies between two rounds at least. */
    static final Duration LEAST = Duration.ofMillis(200);

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration RENEW = Duration.ofSeconds(2);
    private static final Duration PRUNE = Duration.ofMinutes(10);
    /** A dead replica's row stays that long, so that late pickups for it get 410. */
    private static final Duration REMOVE_DEAD = Duration.ofSeconds(60);

    private static final Logger log = LoggerFactory.getLogger(ReplicaSync.class);

    private final Database database;
    private final TunnelMap tunnels;
    private final DatabaseClock clock;
    private final LongSupplier nanoTime;
    private final String id;
    private final String fingerprint;
    private final Function<Seen, Judged> seen;
    private final Rounds rounds = new Rounds();
    private final Thread thread = Thread.ofVirtual().name("replica-sync").unstarted(this::run);
    private final ChangeListener news;

    private volatile String address = "";
    // All of the thread of the rounds.
    private Optional<Long> leaseAt = Optional.empty();
    private Optional<Long> connectedSince = Optional.empty();
    private Optional<Long> prunedAt = Optional.empty();
    private long revision = -1;
    private boolean everything;

    /**
     * What a round has read.
     *
     * @param trusted whether an expired lease means that the replica is dead: the database was there for as long as a lease
     */
    record Seen(List<ReplicaRow> replicas, boolean trusted) {}

    /**
     * What this replica makes of it.
     *
     * @param dead the replicas whose lease ran out and that can't be reached either
     * @param readAgain whether all tunnels must be read again
     */
    record Judged(Set<String> dead, boolean readAgain) {}

    /** @param seen judges the replicas of each round, before the tunnels are changed; must not block */
    ReplicaSync(
            Database database,
            TunnelMap tunnels,
            DatabaseClock clock,
            LongSupplier nanoTime,
            String id,
            String fingerprint,
            Function<Seen, Judged> seen) {
        this.database = database;
        this.tunnels = tunnels;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.id = id;
        this.fingerprint = fingerprint;
        this.seen = seen;
        this.news = new ChangeListener(database, ReplicaStore.CHANNEL, this::wake);
    }

    /** @param ownAddress where the others reach this replica */
    void start(String ownAddress) {
        address = ownAddress;
        thread.start();
        news.start();
    }

    /** Waits for the end of the first round, whether or not it reached the database. */
    void awaitFirstRound(Duration longest) {
        rounds.awaitFirst(longest);
    }

    /** Waits until a round that begins now or later has ended. */
    void awaitRound(Duration longest) {
        rounds.awaitNew(longest);
    }

    /** Has a round made soon. Never blocks. */
    void wake() {
        rounds.want();
    }

    private void run() {
        try {
            do {
                rounds.begin();
                try {
                    round();
                } catch (SQLException e) {
                    connectedSince = Optional.empty();
                    leaseAt = Optional.empty();
                    log.debug("Replicas: the database did not answer", e); // the database itself has logged it
                } catch (RuntimeException e) {
                    log.error("Replicas: a round failed", e);
                } finally {
                    rounds.end();
                }
            } while (rounds.awaitNext(LEAST, POLL));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private record Round(List<ReplicaRow> replicas, ReplicaStore.Changes changes, boolean forgotten) {}

    private void round() throws SQLException {
        long now = nanoTime.getAsLong();
        boolean renew = isOver(leaseAt, RENEW, now);
        boolean prune = isOver(prunedAt, PRUNE, now);
        boolean trusted = connectedSince.isPresent() && isOver(connectedSince, ReplicaStore.LEASE, now);
        boolean readAll = everything || connectedSince.isEmpty();
        List<TunnelRow> unwritten = tunnels.unwritten();
        Round round = database.transaction(connection -> {
            boolean forgotten = renew && renewLease(connection);
            if (!unwritten.isEmpty()) {
                ReplicaStore.write(connection, id, unwritten);
            }
            if (prune) {
                ReplicaStore.prune(connection);
            }
            return new Round(
                    ReplicaStore.replicas(connection),
                    ReplicaStore.since(connection, readAll ? -1 : revision),
                    forgotten);
        });
        tunnels.written(unwritten);
        if (renew) {
            leaseAt = Optional.of(now);
        }
        if (prune) {
            prunedAt = Optional.of(now);
        }
        if (connectedSince.isEmpty()) {
            connectedSince = Optional.of(now);
        }
        revision = round.changes().revision();
        Judged judged = seen.apply(new Seen(round.replicas(), trusted));
        if (readAll) {
            tunnels.all(round.changes().rows());
        } else {
            tunnels.changed(round.changes().rows());
        }
        if (round.forgotten()) {
            tunnels.writeAllAgain();
        }
        everything = judged.readAgain();
        if (everything || round.forgotten()) {
            wake();
        }
        if (connectedSince.map(since -> now - since > REMOVE_DEAD.toNanos()).orElse(false)) {
            removeDead(judged.dead());
        }
    }

    private static boolean isOver(Optional<Long> since, Duration time, long now) {
        return since.map(at -> now - at >= time.toNanos()).orElse(true);
    }

    private boolean renewLease(Connection connection) throws SQLException {
        Instant asked = clock.machineTime();
        ReplicaStore.Lease lease = ReplicaStore.renewLease(connection, id, address, fingerprint);
        clock.set(lease.now(), asked, clock.machineTime());
        return lease.isNew();
    }

    private void removeDead(Set<String> dead) throws SQLException {
        for (String replica : dead) {
            if (database.transaction(connection -> ReplicaStore.removeIfDead(connection, replica, REMOVE_DEAD))) {
                log.info("Replica {} is removed: it wrote no lease for {} s", replica, REMOVE_DEAD.toSeconds());
            }
        }
    }

    /** Takes this replica and its tunnels out of the database, if that answers. Idempotent. */
    @Override
    public void close() {
        rounds.close();
        news.close();
        if (address.isEmpty()) {
            return;
        }
        try {
            thread.join(Duration.ofSeconds(2));
            database.transaction(connection -> {
                ReplicaStore.remove(connection, id);
                return true;
            });
        } catch (SQLException e) {
            log.info("Replicas: the others notice only by the lease that this one has stopped: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        address = "";
    }
}

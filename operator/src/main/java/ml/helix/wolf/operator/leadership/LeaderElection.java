package ml.helix.wolf.operator.leadership;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica's part in the election of a leader. It asks for the Lease every {@link #EVERY}; who holds it renews it.
 *
 * <p>Two never lead at once, as far as each one's clock runs evenly: another takes a Lease over only after it has seen it
 * unchanged for {@link #LEASE}; a leader that has not renewed it for {@link #RENEWED_WITHIN}, counted from before the
 * request, stops, even while a request hangs. Only the passing of time counts: clocks may differ and jump.
 *
 * <p>Thread-safe. Requests run one at a time, as tasks of their own. {@link #close} lets the Lease go, so that another
 * leads at its next look; whoever calls it has stopped working before.
 */
public final class LeaderElection implements AutoCloseable {
    /** Of the Lease. */
    public static final String NAME = "wolf-tunnel-operator";
    /** After that long without a change anybody may have it. */
    public static final Duration LEASE = Duration.ofSeconds(15);
    /** After that long without an answer a leader gives up. */
    public static final Duration RENEWED_WITHIN = Duration.ofSeconds(10);
    /** Between two looks. */
    public static final Duration EVERY = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(LeaderElection.class);

    private enum Role {
        STANDBY,
        LEADER,
        OVER
    }

    private final LeaseStore lease;
    private final String identity;
    private final ScheduledExecutorService timers;
    private final Executor tasks;
    private final LongSupplier nanos;
    private final Runnable won;
    private final Runnable lost;

    /** One request after the other. Never held together with this. */
    private final Object asking = new Object();
    /** Guarded by this. */
    private Role role = Role.STANDBY;
    /** When the last successful request of this leader was begun. Guarded by this. */
    private long renewed;
    /** Guarded by asking. */
    private String leader = "";
    /** The Lease's last change: its version, and when it was first seen. Guarded by asking. */
    private String version = "";

    private long versionSeen;
    /** Guarded by asking. */
    private boolean failing;

    /**
     * @param identity no other replica's, nor that of this one before a restart
     * @param nanos a clock that never jumps
     * @param won is told once, when this replica leads
     * @param lost is told once, when it may not lead any more, but not after {@link #close}; it should end the process
     */
    LeaderElection(
            LeaseStore lease,
            String identity,
            ScheduledExecutorService timers,
            Executor tasks,
            LongSupplier nanos,
            Runnable won,
            Runnable lost) {
        this.lease = lease;
        this.identity = identity;
        this.timers = timers;
        this.tasks = tasks;
        this.nanos = nanos;
        this.won = won;
        this.lost = lost;
    }

    /**
     * Takes part from now on, in the client's own namespace.
     *
     * @param timers must not be blocked by others
     * @throws IllegalStateException where the client has no namespace
     */
    public static LeaderElection start(
            KubernetesClient client, String name, ScheduledExecutorService timers, Runnable won, Runnable lost) {
        var host = Objects.requireNonNullElse(System.getenv("HOSTNAME"), "operator");
        var identity = host + "_" + UUID.randomUUID();
        var election = new LeaderElection(
                KubernetesLease.of(client, name, LEASE, InstantSource.system()),
                identity,
                timers,
                task -> Thread.ofVirtual().name("leader-election").start(task),
                System::nanoTime,
                won,
                lost);
        election.begin();
        return election;
    }

    void begin() {
        later(Duration.ZERO);
    }

    private synchronized void later(Duration wait) {
        if (role == Role.OVER) {
            return;
        }
        timers.schedule(() -> tasks.execute(this::turn), wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void turn() {
        Duration next;
        synchronized (asking) {
            if (isOver()) {
                return;
            }
            next = EVERY;
            try {
                next = look();
                failing = false;
            } catch (RuntimeException e) {
                if (!failing) {
                    LOG.warn("cannot ask for the lease, trying again: {}", e.getMessage());
                }
                failing = true;
            }
        }
        later(next);
    }

    /** Until when to wait for the next look. */
    private Duration look() {
        long begun = nanos.getAsLong();
        var found = lease.read();
        var holder = found.map(LeaseRecord::holder).orElse("");
        if (holder.equals(identity)) {
            if (lease.write(found, identity) == LeaseStore.Outcome.WRITTEN) {
                held(begun);
            }
            return EVERY;
        }
        if (isLeader()) {
            giveUp(holder.isEmpty() ? "somebody let it go" : holder + " has it");
            return EVERY;
        }
        told(holder);
        var wait = found.map(this::untilFree).orElse(Duration.ZERO);
        if (wait.isPositive()) {
            return wait.compareTo(EVERY) < 0 ? wait : EVERY;
        }
        if (lease.write(found, identity) == LeaseStore.Outcome.WRITTEN) {
            told(identity);
            held(begun);
        }
        return EVERY;
    }

    /** How long another's Lease must stay as it is to be free. */
    private Duration untilFree(LeaseRecord found) {
        long now = nanos.getAsLong();
        if (!found.version().equals(version)) {
            version = found.version();
            versionSeen = now;
        }
        return found.holder().isEmpty() ? Duration.ZERO : found.lasts().minusNanos(now - versionSeen);
    }

    private void told(String now) {
        if (!leader.equals(now) && !now.isEmpty()) {
            LOG.info("the leader is {}", now);
        }
        leader = now;
    }

    private void held(long begun) {
        boolean first;
        synchronized (this) {
            if (role == Role.OVER) {
                return;
            }
            first = role == Role.STANDBY;
            role = Role.LEADER;
            renewed = begun;
        }
        if (first) {
            LOG.info("leading as {}", identity);
            watch();
            won.run();
        }
    }

    /** Looks at the time again and again while this replica leads, whatever its requests do. */
    private void watch() {
        synchronized (this) {
            if (role != Role.LEADER) {
                return;
            }
            long left = RENEWED_WITHIN.toNanos() - (nanos.getAsLong() - renewed);
            if (left > 0) {
                timers.schedule(this::watch, Math.min(left, EVERY.toNanos()), TimeUnit.NANOSECONDS);
                return;
            }
        }
        giveUp("the API server has not confirmed it for " + RENEWED_WITHIN.toSeconds() + " s");
    }

    private void giveUp(String why) {
        synchronized (this) {
            if (role != Role.LEADER) {
                return;
            }
            role = Role.OVER;
        }
        LOG.warn("lost the lease: {}", why);
        lost.run();
    }

    /** Whether this replica may work now. */
    public synchronized boolean isLeader() {
        return role == Role.LEADER;
    }

    private synchronized boolean isOver() {
        return role == Role.OVER;
    }

    /** Takes no further part; blocks for as long as a request takes. Idempotent. */
    @Override
    public void close() {
        boolean led;
        synchronized (this) {
            led = role == Role.LEADER;
            role = Role.OVER;
        }
        if (led) {
            synchronized (asking) {
                release();
            }
        }
    }

    private void release() {
        try {
            Optional<LeaseRecord> found = lease.read();
            if (found.filter(mine -> mine.holder().equals(identity)).isPresent()) {
                lease.write(found, "");
                LOG.info("let the lease go");
            }
        } catch (RuntimeException e) {
            LOG.warn("cannot let the lease go, it ends within {} s: {}", LEASE.toSeconds(), e.getMessage());
        }
    }
}

package ml.helix.wolf.operator.leadership;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica's part in the election of a leader. It tries to get the Lease every {@link #RETRY_PERIOD}; the leader renews it
 * as often.
 *
 * <p>Two replicas never lead at once, if the clock of each runs evenly. A replica takes another's Lease only after it has
 * seen it unchanged for {@link #LEASE_DURATION}. A leader stops if it has not renewed the Lease for {@link #RENEW_DEADLINE},
 * counted from before the request, even while a request hangs. Only elapsed time counts: clocks may differ and jump.
 *
 * <p>Thread-safe. Requests run one at a time, as tasks of their own. {@link #close} releases the Lease, so that another
 * replica leads after its next try: stop working before.
 */
public final class LeaderElection implements AutoCloseable {
    /** The Lease's name. */
    public static final String NAME = "wolf-tunnel-operator";
    /** A Lease that has not changed for so long may be taken. */
    public static final Duration LEASE_DURATION = Duration.ofSeconds(15);
    /** A leader that has not renewed its Lease for so long stops. */
    public static final Duration RENEW_DEADLINE = Duration.ofSeconds(10);

    public static final Duration RETRY_PERIOD = Duration.ofSeconds(2);

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
    private final LongSupplier nanoTime;
    private final Runnable onWon;
    private final Runnable onLost;

    /** Held during requests, so that there is one at a time. Never held together with this. */
    private final Object requestLock = new Object();
    /** Guarded by this. */
    private Role role = Role.STANDBY;
    /** When the last successful request of this leader began. Guarded by this. */
    private long renewed;
    /** The holder that was logged last. Guarded by requestLock. */
    private String loggedHolder = "";
    /** The Lease's last version. Guarded by requestLock. */
    private String version = "";
    /** When that version was first seen. Guarded by requestLock. */
    private long versionSeen;
    /** Whether the last request failed. Guarded by requestLock. */
    private boolean failing;

    /**
     * @param identity differs from that of every other replica, and from this one's before a restart
     * @param nanoTime a clock that never jumps
     * @param onWon called once, when this replica leads
     * @param onLost called once, when it may not lead any more, but not after {@link #close}; it should end the process
     */
    LeaderElection(
            LeaseStore lease,
            String identity,
            ScheduledExecutorService timers,
            Executor tasks,
            LongSupplier nanoTime,
            Runnable onWon,
            Runnable onLost) {
        this.lease = lease;
        this.identity = identity;
        this.timers = timers;
        this.tasks = tasks;
        this.nanoTime = nanoTime;
        this.onWon = onWon;
        this.onLost = onLost;
    }

    /**
     * Takes part in the election of the client's own namespace.
     *
     * @param timers must not be blocked by other tasks
     * @throws IllegalStateException if the client has no namespace
     */
    public static LeaderElection join(
            KubernetesClient client, ScheduledExecutorService timers, Runnable onWon, Runnable onLost) {
        var host = Objects.requireNonNullElse(System.getenv("HOSTNAME"), "operator");
        var election = new LeaderElection(
                KubernetesLease.of(client, NAME, LEASE_DURATION, InstantSource.system()),
                host + "_" + UUID.randomUUID(),
                timers,
                task -> Thread.ofVirtual().name("leader-election").start(task),
                System::nanoTime,
                onWon,
                onLost);
        election.start();
        return election;
    }

    void start() {
        scheduleTry(Duration.ZERO);
    }

    private synchronized void scheduleTry(Duration delay) {
        if (role == Role.OVER) {
            return;
        }
        timers.schedule(() -> tasks.execute(this::tryAndRepeat), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tryAndRepeat() {
        Duration next;
        synchronized (requestLock) {
            if (isOver()) {
                return;
            }
            next = RETRY_PERIOD;
            try {
                next = acquireOrRenew();
                failing = false;
            } catch (RuntimeException e) {
                if (!failing) {
                    LOG.warn("cannot read or write the Lease, trying again: {}", e.getMessage());
                }
                failing = true;
            }
        }
        scheduleTry(next);
    }

    /** @return how long to wait before the next try */
    private Duration acquireOrRenew() {
        long begun = nanoTime.getAsLong();
        var found = lease.read();
        var holder = found.map(LeaseRecord::holder).orElse("");
        if (holder.equals(identity)) {
            if (lease.write(found, identity) == LeaseStore.Outcome.WRITTEN) {
                renewed(begun);
            }
            return RETRY_PERIOD;
        }
        if (isLeader()) {
            lost(holder.isEmpty() ? "somebody released it" : holder + " has it");
            return RETRY_PERIOD;
        }
        logHolder(holder);
        var wait = found.map(this::untilFree).orElse(Duration.ZERO);
        if (wait.isPositive()) {
            return wait.compareTo(RETRY_PERIOD) < 0 ? wait : RETRY_PERIOD;
        }
        if (lease.write(found, identity) == LeaseStore.Outcome.WRITTEN) {
            logHolder(identity);
            renewed(begun);
        }
        return RETRY_PERIOD;
    }

    /** How long another replica's Lease must stay unchanged before it may be taken. */
    private Duration untilFree(LeaseRecord found) {
        long now = nanoTime.getAsLong();
        if (!found.version().equals(version)) {
            version = found.version();
            versionSeen = now;
        }
        return found.holder().isEmpty() ? Duration.ZERO : found.duration().minusNanos(now - versionSeen);
    }

    private void logHolder(String holder) {
        if (!loggedHolder.equals(holder) && !holder.isEmpty()) {
            LOG.info("the leader is {}", holder);
        }
        loggedHolder = holder;
    }

    private void renewed(long begun) {
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
            checkDeadline();
            onWon.run();
        }
    }

    /** Repeats itself while this replica leads, whatever its requests do. */
    private void checkDeadline() {
        synchronized (this) {
            if (role != Role.LEADER) {
                return;
            }
            long left = RENEW_DEADLINE.toNanos() - (nanoTime.getAsLong() - renewed);
            if (left > 0) {
                timers.schedule(this::checkDeadline, Math.min(left, RETRY_PERIOD.toNanos()), TimeUnit.NANOSECONDS);
                return;
            }
        }
        lost("the API server has not confirmed it for " + RENEW_DEADLINE.toSeconds() + " s");
    }

    private void lost(String why) {
        synchronized (this) {
            if (role != Role.LEADER) {
                return;
            }
            role = Role.OVER;
        }
        LOG.warn("lost the Lease: {}", why);
        onLost.run();
    }

    /** Whether this replica may work now. */
    public synchronized boolean isLeader() {
        return role == Role.LEADER;
    }

    private synchronized boolean isOver() {
        return role == Role.OVER;
    }

    /** Leaves the election, and releases the Lease if this replica has it. Blocks as long as a request takes. Idempotent. */
    @Override
    public void close() {
        boolean led;
        synchronized (this) {
            led = role == Role.LEADER;
            role = Role.OVER;
        }
        if (led) {
            synchronized (requestLock) {
                release();
            }
        }
    }

    private void release() {
        try {
            var found = lease.read();
            if (found.filter(own -> own.holder().equals(identity)).isPresent()) {
                lease.write(found, "");
                LOG.info("released the Lease");
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "cannot release the Lease, which ends within {} s: {}", LEASE_DURATION.toSeconds(), e.getMessage());
        }
    }
}

package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane's requests for another control connection. At most one waits, for a random time up to 5 s, so that the
 * agents of a control plane that drains don't all come at once. At least 10 s lie between two: a control plane that asks
 * without a pause costs one handshake in 10 s. Thread-safe.
 */
final class ReconnectRequests {
    private static final Logger LOG = LoggerFactory.getLogger(ReconnectRequests.class);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final String controlPlane;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final RandomGenerator random;
    private final Consumer<ControlConnectionThread> reopen;
    /** The connection on which the waiting request came last; null if none waits. Guarded by this, as is the next. */
    private @Nullable ControlConnectionThread asking;

    private long earliest;

    /**
     * @param controlPlane for the log
     * @param nanoTime the clock that {@code timers} goes by
     * @param reopen opens another connection, on a thread of its own
     */
    ReconnectRequests(
            String controlPlane,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            RandomGenerator random,
            Consumer<ControlConnectionThread> reopen) {
        this.controlPlane = controlPlane;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.random = random;
        this.reopen = reopen;
        this.earliest = nanoTime.getAsLong();
    }

    /** Never blocks. */
    synchronized void add(ControlConnectionThread connection) {
        if (asking == null) {
            long wait = Math.max(random.nextLong(LONGEST_WAIT.toNanos() + 1), earliest - nanoTime.getAsLong());
            LOG.info(
                    "{} asks for another control connection; it is opened in {} s",
                    controlPlane,
                    "%.1f".formatted(wait / 1e9));
            timers.schedule(this::carryOut, wait, TimeUnit.NANOSECONDS);
        }
        asking = connection;
    }

    private void carryOut() {
        ControlConnectionThread connection;
        synchronized (this) {
            connection = asking;
            asking = null;
            earliest = nanoTime.getAsLong() + INTERVAL.toNanos();
        }
        if (connection != null) {
            Thread.ofVirtual().name("reconnect-request").start(() -> reopen.accept(connection));
        }
    }
}

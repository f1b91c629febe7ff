package ml.helix.wolf.agent.report;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.revdial.ByteStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports each dial to Wolf and the answers to probes. Logs when Wolf becomes unreachable or stops answering, and when it
 * is back. Thread-safe.
 */
public final class WatchedWolf implements Wolf {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedWolf.class);

    /** {@link #refresh} connects if the last dial is older than this. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    private static final Duration REFRESH_TIMEOUT = Duration.ofSeconds(1);

    private final Wolf wolf;
    private final Function<ByteStream, Optional<String>> health;
    private final Report report;
    private final LongSupplier nanoTime;
    private final Duration refreshTimeout;
    private final AtomicReference<@Nullable CountDownLatch> refreshing = new AtomicReference<>();

    /** When the last dial ended, in nanoseconds; null before the first. */
    private volatile @Nullable Long dialledAt;

    /**
     * @param address Wolf's, for messages
     * @param timers for a probe's time-out
     */
    public WatchedWolf(Wolf wolf, String address, Report report, ScheduledExecutorService timers) {
        this(wolf, new WolfHealth(address, timers)::problem, report, System::nanoTime, REFRESH_TIMEOUT);
    }

    /**
     * @param health asks over a connection, and returns what is wrong
     * @param nanoTime a clock, in nanoseconds
     */
    WatchedWolf(
            Wolf wolf,
            Function<ByteStream, Optional<String>> health,
            Report report,
            LongSupplier nanoTime,
            Duration refreshTimeout) {
        this.wolf = wolf;
        this.health = health;
        this.report = report;
        this.nanoTime = nanoTime;
        this.refreshTimeout = refreshTimeout;
    }

    @Override
    public ByteStream dial() throws WolfUnreachableException {
        try {
            ByteStream stream = wolf.dial();
            if (report.wolfReached()) {
                LOG.info("Wolf's API is reachable");
            }
            dialledAt = nanoTime.getAsLong();
            return stream;
        } catch (WolfUnreachableException e) {
            if (report.wolfUnreachable(String.valueOf(e.getMessage()))) {
                LOG.warn("{}", e.getMessage());
            }
            dialledAt = nanoTime.getAsLong();
            throw e;
        }
    }

    /** Connects, and asks Wolf for a cheap answer. */
    public void probe() {
        try (ByteStream connection = dial()) {
            Optional<String> problem = health.apply(connection);
            boolean probedBefore = report.status().wolf().healthy().isPresent();
            if (report.wolfAnswered(problem)) {
                problem.ifPresent(LOG::warn);
                if (problem.isEmpty() && probedBefore) {
                    LOG.info("Wolf's API answers again");
                }
            }
        } catch (WolfUnreachableException e) {
            LOG.debug("Probe: {}", e.getMessage());
        }
    }

    /** Connects and closes. */
    public void check() {
        try {
            dial().close();
        } catch (WolfUnreachableException e) {
            LOG.debug("Check: {}", e.getMessage());
        }
    }

    /**
     * Connects and closes if the last dial is older than 5 s, and waits at most 1 s for that. A later outcome is in the next
     * status. One such connect is under way at a time.
     */
    public void refresh() {
        Long last = dialledAt;
        if (last == null || nanoTime.getAsLong() - last <= FRESH.toNanos()) {
            return;
        }
        var mine = new CountDownLatch(1);
        CountDownLatch other = refreshing.compareAndExchange(null, mine);
        if (other == null) {
            Thread.ofVirtual().name("wolf-refresh").start(() -> {
                try {
                    check();
                } finally {
                    refreshing.set(null);
                    mine.countDown();
                }
            });
        }
        try {
            boolean _ = (other == null ? mine : other).await(refreshTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

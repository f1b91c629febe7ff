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
 * Wolf, whose every dial is reported, and its answers where it is probed; logs when it becomes unreachable or stops answering
 * and when it is back. Thread-safe.
 */
public final class WatchedWolf implements Wolf {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedWolf.class);

    /** What was seen that long ago is looked at again before it is told. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Wolf wolf;
    private final Function<ByteStream, Optional<String>> health;
    private final Report report;
    private final LongSupplier nanoTime;
    private final Duration patience;
    private final AtomicReference<@Nullable CountDownLatch> looking = new AtomicReference<>();

    /** When Wolf was dialled last, and answered or did not; nothing before the first. */
    private volatile @Nullable Long seenAt;

    /**
     * @param address Wolf's, for messages
     * @param timers bound a probe's request
     */
    public WatchedWolf(Wolf wolf, String address, Report report, ScheduledExecutorService timers) {
        this(wolf, new WolfHealth(address, timers)::trouble, report, System::nanoTime, PATIENCE);
    }

    /**
     * @param health asks over a connection, and says what is wrong
     * @param nanoTime in nanoseconds
     */
    WatchedWolf(
            Wolf wolf,
            Function<ByteStream, Optional<String>> health,
            Report report,
            LongSupplier nanoTime,
            Duration patience) {
        this.wolf = wolf;
        this.health = health;
        this.report = report;
        this.nanoTime = nanoTime;
        this.patience = patience;
    }

    @Override
    public ByteStream dial() throws WolfUnreachableException {
        try {
            ByteStream stream = wolf.dial();
            if (report.wolfReached()) {
                LOG.info("Wolf's API is reachable");
            }
            seenAt = nanoTime.getAsLong();
            return stream;
        } catch (WolfUnreachableException e) {
            if (report.wolfUnreachable(String.valueOf(e.getMessage()))) {
                LOG.warn("{}", e.getMessage());
            }
            seenAt = nanoTime.getAsLong();
            throw e;
        }
    }

    /** Connects and asks Wolf's API something cheap, to see whether it is there and answers. */
    public void probe() {
        try (ByteStream connection = dial()) {
            Optional<String> trouble = health.apply(connection);
            boolean wasKnown = report.status().wolf().healthy().isPresent();
            if (report.wolfAnswered(trouble)) {
                trouble.ifPresent(what -> LOG.warn("{}", what));
                if (trouble.isEmpty() && wasKnown) {
                    LOG.info("Wolf's API answers again");
                }
            }
        } catch (WolfUnreachableException e) {
            LOG.debug("Probe: {}", e.getMessage());
        }
    }

    /** Connects and hangs up, to see whether Wolf is there. */
    private void look() {
        try {
            dial().close();
        } catch (WolfUnreachableException e) {
            LOG.debug("Look: {}", e.getMessage());
        }
    }

    /**
     * Connects and hangs up, where the last dial or probe was more than 5 s ago, and waits for 1 s at most: what is seen later
     * is told next time. One of these looks is under way at a time.
     */
    public void lookAgain() {
        Long last = seenAt;
        if (last == null || nanoTime.getAsLong() - last <= FRESH.toNanos()) {
            return;
        }
        var mine = new CountDownLatch(1);
        CountDownLatch other = looking.compareAndExchange(null, mine);
        if (other == null) {
            Thread.ofVirtual().name("look").start(() -> {
                try {
                    look();
                } finally {
                    looking.set(null);
                    mine.countDown();
                }
            });
        }
        try {
            boolean _ = (other == null ? mine : other).await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

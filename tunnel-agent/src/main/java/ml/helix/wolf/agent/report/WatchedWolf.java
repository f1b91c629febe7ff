package ml.helix.wolf.agent.report;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.revdial.ByteStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wolf, whose every dial is reported; logs when it becomes unreachable and when it is back. Thread-safe. */
public final class WatchedWolf implements Wolf {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedWolf.class);

    /** What was seen that long ago is looked at again before it is told. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Wolf wolf;
    private final Report report;
    private final LongSupplier nanoTime;
    private final Duration patience;
    private final AtomicReference<@Nullable CountDownLatch> looking = new AtomicReference<>();

    /** When Wolf was dialled last, and answered or did not; nothing before the first. */
    private volatile @Nullable Long seenAt;

    /** @param nanoTime in nanoseconds */
    public WatchedWolf(Wolf wolf, Report report, LongSupplier nanoTime) {
        this(wolf, report, nanoTime, PATIENCE);
    }

    WatchedWolf(Wolf wolf, Report report, LongSupplier nanoTime, Duration patience) {
        this.wolf = wolf;
        this.report = report;
        this.nanoTime = nanoTime;
        this.patience = patience;
    }

    @Override
    public ByteStream dial() throws WolfUnreachableException {
        try {
            ByteStream stream = wolf.dial();
            seen(true);
            return stream;
        } catch (WolfUnreachableException e) {
            if (seen(false)) {
                LOG.warn("{}", e.getMessage());
            }
            throw e;
        }
    }

    private boolean seen(boolean reachable) {
        boolean news = report.wolf(reachable);
        seenAt = nanoTime.getAsLong();
        if (news && reachable) {
            LOG.info("Wolf's API is reachable");
        }
        return news;
    }

    /** Connects and hangs up, to see whether Wolf is there. */
    public void probe() {
        try {
            dial().close();
        } catch (WolfUnreachableException e) {
            LOG.debug("Probe: {}", e.getMessage());
        }
    }

    /**
     * Probes, where the last dial or probe was more than 5 s ago, and waits for 1 s at most: what a probe sees later is told
     * next time. One of these probes is under way at a time.
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
                    probe();
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

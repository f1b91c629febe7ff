package ml.helix.wolf.agent.local;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until Wolf accepts a connection, or for so long. Each attempt has a thread of its own. */
public final class WolfWait {
    static final Duration INTERVAL = Duration.ofMillis(250);

    private static final Logger LOG = LoggerFactory.getLogger(WolfWait.class);

    private final Wolf wolf;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;

    /** @param nanoTime the clock that {@code timers} goes by */
    public WolfWait(Wolf wolf, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this.wolf = wolf;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** @param then is run once, at once if there is no time to wait; never after the timers have ended */
    public void start(Duration limit, Runnable then) {
        if (limit.isZero()) {
            then.run();
            return;
        }
        LOG.info("The first connection waits for Wolf, {} s at most", limit.toSeconds());
        attempt(nanoTime.getAsLong() + limit.toNanos(), then);
    }

    private void attempt(long end, Runnable then) {
        Thread.ofVirtual().name("wolf-wait").start(() -> {
            try {
                wolf.dial().close();
            } catch (WolfUnreachableException e) {
                if (end - nanoTime.getAsLong() > 0) {
                    again(end, then);
                    return;
                }
                LOG.warn("Wolf is still not there; connecting without it");
            }
            if (!timers.isShutdown()) {
                then.run();
            }
        });
    }

    private void again(long end, Runnable then) {
        try {
            timers.schedule(() -> attempt(end, then), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("Stopped while waiting for Wolf");
        }
    }
}

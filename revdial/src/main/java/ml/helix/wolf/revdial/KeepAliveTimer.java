package ml.helix.wolf.revdial;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Does what a {@link DataKeepAlive} decides, when it is time, until the other end has vanished. Thread-safe. */
public final class KeepAliveTimer {
    private final DataKeepAlive keepAlive;
    private final ScheduledExecutorService timers;
    private final BooleanSupplier writing;
    private final Runnable ping;
    private final Runnable cut;
    private boolean stopped; // guarded by this
    private @Nullable ScheduledFuture<?> nextCheck; // guarded by this

    /**
     * @param timers runs short tasks only
     * @param writing whether a write of data is under way: no ping is due then
     * @param ping sends a ping; must not block
     * @param cut the other end has vanished; must not block. Nothing follows
     */
    public KeepAliveTimer(
            DataKeepAlive keepAlive,
            ScheduledExecutorService timers,
            BooleanSupplier writing,
            Runnable ping,
            Runnable cut) {
        this.keepAlive = keepAlive;
        this.timers = timers;
        this.writing = writing;
        this.ping = ping;
        this.cut = cut;
    }

    /** Call once. Does nothing after {@link #stop}. */
    public synchronized void start() {
        if (!stopped) {
            nextCheck = timers.schedule(this::check, keepAlive.untilNextStep().toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** Idempotent. */
    public synchronized void stop() {
        stopped = true;
        if (nextCheck != null) {
            nextCheck.cancel(false);
        }
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private void check() {
        if (isStopped()) {
            return;
        }
        if (writing.getAsBoolean()) {
            keepAlive.dataSent();
        }
        switch (keepAlive.nextStep()) {
            case NOTHING -> {}
            case PING -> ping.run();
            case CUT -> {
                cut.run();
                return;
            }
        }
        start();
    }
}

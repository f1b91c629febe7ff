package ml.helix.wolf.revdial;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Makes the timers that {@link Listener} and {@link ConnectionManager} want. */
public final class Timers {
    private Timers() {}

    /**
     * One daemon thread of that name. A cancelled task is dropped at once and not held until its time: there is one for
     * each dial. Tasks must not block. The caller shuts it down.
     */
    public static ScheduledExecutorService daemon(String name) {
        ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name(name).factory());
        timers.setRemoveOnCancelPolicy(true);
        return timers;
    }
}

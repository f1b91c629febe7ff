package ml.helix.wolf.revdial;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Makes the timers for {@link Listener} and {@link ConnectionManager}. */
public final class Timers {
    private Timers() {}

    /**
     * One daemon thread of that name. A cancelled task is dropped at once, not at its time, because each dial has one.
     * Tasks must not block. The caller shuts it down.
     */
    public static ScheduledExecutorService daemon(String name) {
        ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name(name).factory());
        timers.setRemoveOnCancelPolicy(true);
        return timers;
    }
}

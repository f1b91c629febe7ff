package ml.helix.wolf.operator.apiserver;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Timers for which every wait is ten times shorter, where a test would only wait for the next poll. */
final class HurriedTimers extends ScheduledThreadPoolExecutor {
    private static final int HASTE = 10;

    HurriedTimers() {
        super(1, Thread.ofPlatform().name("hurried-timers").daemon().factory());
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return super.schedule(command, unit.toNanos(delay) / HASTE, TimeUnit.NANOSECONDS);
    }
}

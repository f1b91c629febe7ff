package ml.helix.wolf.operator.apiserver;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Timers whose every delay is ten times shorter, for tests that would only wait for the next poll. */
final class FastTimers extends ScheduledThreadPoolExecutor {
    private static final int SPEED = 10;

    FastTimers() {
        super(1, Thread.ofPlatform().name("fast-timers").daemon().factory());
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return super.schedule(command, unit.toNanos(delay) / SPEED, TimeUnit.NANOSECONDS);
    }
}

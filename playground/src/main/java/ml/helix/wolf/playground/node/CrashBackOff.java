package ml.helix.wolf.playground.node;

import java.time.Duration;

/**
 * How long a container that ended waits before it is started again: not at all the first time, then doubling to five
 * minutes, from the start again after ten minutes of running. Used by one thread.
 */
final class CrashBackOff {
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final Duration HEALTHY = Duration.ofMinutes(10);

    private final Duration first;
    private Duration next = Duration.ZERO;

    /**
     * @param first the first wait that is none; 10 s in a kubelet
     */
    CrashBackOff(Duration first) {
        this.first = first;
    }

    Duration after(Duration ran) {
        if (ran.compareTo(HEALTHY) >= 0) {
            next = Duration.ZERO;
        }
        Duration wait = next;
        Duration doubled = wait.isZero() ? first : wait.multipliedBy(2);
        next = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        return wait;
    }
}

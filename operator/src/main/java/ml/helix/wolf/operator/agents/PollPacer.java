package ml.helix.wolf.operator.agents;

import java.time.Duration;

/** Spreads what many want to do at once evenly over time, in the order of their coming. Not thread-safe. */
final class PollPacer {
    private final long nanosBetween;
    private long nextTurn;
    private boolean begun;

    PollPacer(int perSecond) {
        nanosBetween = Duration.ofSeconds(1).toNanos() / perSecond;
    }

    /**
     * How long whoever comes now waits for his turn; zero where nobody is in line.
     *
     * @param now as {@link System#nanoTime}
     */
    Duration untilTurn(long now) {
        long turn = begun && nextTurn - now > 0 ? nextTurn : now;
        begun = true;
        nextTurn = turn + nanosBetween;
        return Duration.ofNanos(turn - now);
    }
}

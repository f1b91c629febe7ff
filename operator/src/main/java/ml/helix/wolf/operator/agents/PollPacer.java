package ml.helix.wolf.operator.agents;

import java.time.Duration;

/** Gives polls their turns, evenly spread over time and first come, first served. Not thread-safe. */
final class PollPacer {
    private final long nanosBetween;
    private long nextTurn;
    private boolean started;

    PollPacer(int perSecond) {
        nanosBetween = Duration.ofSeconds(1).toNanos() / perSecond;
    }

    /**
     * Takes the next turn. Returns how long it is until then; zero if no other poll waits.
     *
     * @param now as {@link System#nanoTime}
     */
    Duration untilTurn(long now) {
        long turn = started && nextTurn - now > 0 ? nextTurn : now;
        started = true;
        nextTurn = turn + nanosBetween;
        return Duration.ofNanos(turn - now);
    }
}

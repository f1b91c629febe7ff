package ml.helix.wolf.controlplane.dialing;

import java.time.Duration;

/**
 * How many data connections to have ready for one runner, by its dials. Each dial counts as one, and fades. So a runner that
 * gets a second dial within 1.4 s is busy, and has nothing ready any more 2.7 s after its last dial. Times are in nanoseconds of
 * one clock. Not thread safe.
 */
final class Demand {
    /** A dial counts as 1/e after this time. */
    static final Duration FADE = Duration.ofSeconds(2);

    private final int most;
    private double dials;
    private long at;

    /** @param most to have ready */
    Demand(int most) {
        this.most = most;
    }

    /** The runner is dialled. */
    void dialled(long now) {
        dials = Math.min(dials(now) + 1, most + 1.5);
        at = now;
    }

    /** What was ready was of no use: the next dials count from the start. */
    void reset() {
        dials = 0;
    }

    /** How many to have ready now: one less than the dials that count. */
    int wanted(long now) {
        return (int) Math.clamp(Math.floor(dials(now) - 0.5), 0, most);
    }

    /** Whether nothing of it is worth remembering. */
    boolean isOver(long now) {
        return dials(now) < 0.1;
    }

    private double dials(long now) {
        return dials * Math.exp(-(now - at) / (double) FADE.toNanos());
    }
}

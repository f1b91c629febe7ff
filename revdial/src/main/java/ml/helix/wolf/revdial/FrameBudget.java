package ml.helix.wolf.revdial;

import java.util.function.LongSupplier;

/**
 * Limits the frames that cost a reader time and carry next to nothing: pings, pongs, empty frames, and everything on a
 * control connection. One per connection. A token bucket of {@link #BURST} units that gains
 * {@link #PER_SECOND} a second. An honest peer needs a few a second, and some thousands at once if many dials start
 * or fail together. Belongs to the connection's reading thread.
 */
public final class FrameBudget {
    /** How many units may come at once. */
    public static final int BURST = 20_000;

    /** How many units a second may come in the long run. */
    public static final int PER_SECOND = 10_000;

    /** What a peer sent whose budget is used up. */
    public static final String EXCEEDED = "more than " + PER_SECOND + " control frames, empty frames or lines a second";

    private static final long NANOS = 1_000_000_000;
    private static final int KIB = 1024;

    private final LongSupplier nanoTime;
    private long left = BURST;
    private long filledAt;

    /** Full at the start. */
    public FrameBudget(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.filledAt = nanoTime.getAsLong();
    }

    /** Takes one unit, for a control frame or an empty frame. Returns false if the budget is used up. */
    public boolean takeFrame() {
        return take(1);
    }

    /** Takes one unit, and one for each whole KiB, for a frame on a control connection. Returns false if the budget is used up. */
    public boolean takeControlFrame(int payloadLength) {
        return take(1L + payloadLength / KIB);
    }

    /** Takes one unit for each line on a control connection. Returns false if the budget is used up. */
    public boolean takeLines(int count) {
        return take(count);
    }

    private boolean take(long units) {
        if (left < units) {
            refill();
        }
        if (left < units) {
            return false;
        }
        left -= units;
        return true;
    }

    private void refill() {
        long now = nanoTime.getAsLong();
        long gained = Math.min(BURST * NANOS / PER_SECOND, now - filledAt) * PER_SECOND / NANOS;
        if (gained > 0) {
            left = Math.min(BURST, left + gained);
            filledAt = now;
        }
    }
}

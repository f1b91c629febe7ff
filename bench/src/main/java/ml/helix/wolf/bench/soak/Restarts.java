package ml.helix.wolf.bench.soak;

/** When a program of the tunnel is being restarted, so that what breaks then is told from what is lost. Thread-safe. */
final class Restarts {
    private int begun; // guarded by this
    private boolean underWay; // guarded by this

    synchronized void begin() {
        begun++;
        underWay = true;
    }

    synchronized void end() {
        underWay = false;
    }

    synchronized int count() {
        return begun;
    }

    /**
     * Whether one was under way at some time since.
     *
     * @param before {@link #count} at the beginning, and whether one was under way then
     */
    synchronized boolean since(Mark before) {
        return underWay || before.underWay || before.begun != begun;
    }

    synchronized Mark mark() {
        return new Mark(begun, underWay);
    }

    /** The beginning of a stream. */
    record Mark(int begun, boolean underWay) {}
}

package ml.helix.wolf.controlplane.replica;

import java.time.Duration;

/** Tells one thread when its next round of work is due, and others when a round is over. Thread-safe. */
final class Rounds {
    // All guarded by this.
    private long begun;
    private long finished;
    private boolean wanted;
    private boolean closed;

    /** Has a round begin soon. Never blocks. */
    synchronized void want() {
        wanted = true;
        notifyAll();
    }

    /** A round begins. What is wanted from now on is for the next one. */
    synchronized void begin() {
        begun++;
        wanted = false;
    }

    synchronized void end() {
        finished = begun;
        notifyAll();
    }

    /**
     * Waits for the time of the next round.
     *
     * @param least passes in any case
     * @param most passes if nobody wants a round
     * @return false if there is none: it is closed
     */
    synchronized boolean awaitNext(Duration least, Duration most) throws InterruptedException {
        long start = System.nanoTime();
        for (long left = least.toNanos(); left > 0 && !closed; left = left(start, least)) {
            sleep(left);
        }
        for (long left = left(start, most); left > 0 && !closed && !wanted; left = left(start, most)) {
            sleep(left);
        }
        return !closed;
    }

    /** Has a round made, and waits for the end of one that begins now or later. Gives up after the longest time. */
    synchronized void awaitNew(Duration longest) {
        want();
        awaitEnd(begun + 1, longest);
    }

    /** Waits for the end of the first round, the longest time at most. */
    synchronized void awaitFirst(Duration longest) {
        awaitEnd(1, longest);
    }

    private void awaitEnd(long number, Duration longest) {
        long start = System.nanoTime();
        try {
            for (long left = longest.toNanos(); left > 0 && !closed && finished < number; left = left(start, longest)) {
                sleep(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sleep(long nanos) throws InterruptedException {
        wait(nanos / 1_000_000 + 1);
    }

    private static long left(long start, Duration time) {
        return time.toNanos() - (System.nanoTime() - start);
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }
}

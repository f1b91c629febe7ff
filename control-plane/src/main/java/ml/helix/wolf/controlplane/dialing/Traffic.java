package ml.helix.wolf.controlplane.dialing;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the streams of each runner that are open, and the bytes that its streams have carried in both directions. Only what
 * this process has dialled is in it. Thread safe.
 *
 * <p>A runner without a stream is forgotten once there are many of them, and its bytes begin at 0 again.
 */
public final class Traffic {
    /** How many runners are remembered at least. */
    static final int REMEMBERED = 10_000;

    private final ConcurrentMap<String, OfRunner> runners = new ConcurrentHashMap<>();
    private volatile int forgetAbove = REMEMBERED;

    /** The streams of one runner. {@code open} changes only within {@link ConcurrentMap#compute} of its entry. */
    private static final class OfRunner {
        private volatile int open;
        private final LongAdder bytes = new LongAdder();
    }

    /** Bytes that the runner's streams have carried, since it was last forgotten. */
    public long bytes(String runnerId) {
        OfRunner runner = runners.get(runnerId);
        return runner == null ? 0 : runner.bytes.sum();
    }

    /** The runner's streams that are open now. */
    public int openStreams(String runnerId) {
        OfRunner runner = runners.get(runnerId);
        return runner == null ? 0 : runner.open;
    }

    /** A stream to the runner is open; returns where to count its bytes. */
    LongAdder opened(String runnerId) {
        OfRunner runner = change(runnerId, +1);
        if (runners.size() > forgetAbove) {
            runners.keySet()
                    .forEach(id -> runners.computeIfPresent(id, (key, other) -> other.open == 0 ? null : other));
            forgetAbove = Math.max(REMEMBERED, 2 * runners.size());
        }
        return runner.bytes;
    }

    /** One of the runner's streams, which was {@link #opened}, is closed. */
    void closed(String runnerId) {
        change(runnerId, -1);
    }

    private OfRunner change(String runnerId, int streams) {
        return runners.compute(runnerId, (id, known) -> {
            OfRunner runner = known == null ? new OfRunner() : known;
            runner.open += streams;
            return runner;
        });
    }
}

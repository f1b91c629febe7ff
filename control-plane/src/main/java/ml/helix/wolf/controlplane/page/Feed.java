package ml.helix.wolf.controlplane.page;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a snapshot of all rows each second while somebody views them; all viewers share it. Nothing is queued: a viewer that
 * is late gets the newest snapshot, and one that is very late is cut. Thread safe. {@link #close} ends every viewer.
 */
public final class Feed implements AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(1);
    static final int MOST_VIEWERS = 64;
    /** How long a viewer may take to read one snapshot. */
    static final Duration SLOWEST = Duration.ofSeconds(15);

    /** How long the viewers have to take the end of their events when the feed is closed. */
    private static final Duration LAST_EVENTS = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(Feed.class);

    private final Supplier<? extends Map<String, String>> rows;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService timer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // The rest is guarded by lock.
    private final Set<Viewer> viewers = new HashSet<>();
    private Map<String, String> snapshot = Map.of();
    /** Counts the snapshots. */
    private long number;

    private boolean closed;

    /**
     * @param rows makes a snapshot: JSON by id. Called under a lock, by one thread at a time
     * @param timer belongs to the feed, which shuts it down
     */
    public Feed(Supplier<? extends Map<String, String>> rows, ScheduledExecutorService timer, LongSupplier nanoTime) {
        this.rows = rows;
        this.timer = timer;
        this.nanoTime = nanoTime;
        timer.scheduleAtFixedRate(this::tick, INTERVAL.toNanos(), INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** One who reads snapshots, one after the other. Used by one thread. */
    final class Viewer implements AutoCloseable {
        private final Runnable cut;
        private long seen;
        /** When it got the snapshot that it reads; null while it waits for one. */
        private @Nullable Long readingSince;

        private Viewer(Runnable cut) {
            this.cut = cut;
        }

        /** Waits for the next snapshot, the first one comes at once. Empty if the feed is closed. */
        Optional<Map<String, String>> next() throws InterruptedException {
            lock.lock();
            try {
                readingSince = null;
                while (seen == number && !closed) {
                    changed.await();
                }
                seen = number;
                readingSince = nanoTime.getAsLong();
                return closed ? Optional.empty() : Optional.of(snapshot);
            } finally {
                lock.unlock();
            }
        }

        /** Makes room for another one. Idempotent. */
        @Override
        public void close() {
            lock.lock();
            try {
                viewers.remove(this);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Adds a viewer, who closes itself.
     *
     * @param cut ends the viewer's connection; called on the timer's thread if it reads too slowly, perhaps several times
     * @throws ApiException 503 if there are too many
     */
    Viewer join(Runnable cut) throws ApiException {
        lock.lock();
        try {
            if (viewers.size() >= MOST_VIEWERS) {
                throw new ApiException(new ApiError(
                        HttpStatus.SERVICE_UNAVAILABLE_503,
                        "TooManyViewers",
                        MOST_VIEWERS + " pages are open at this control plane; close one",
                        HttpFields.build().put(HttpHeader.RETRY_AFTER, 10)));
            }
            if (viewers.isEmpty()) {
                takeSnapshot();
            }
            var viewer = new Viewer(cut);
            viewers.add(viewer);
            return viewer;
        } finally {
            lock.unlock();
        }
    }

    private void tick() {
        lock.lock();
        try {
            if (viewers.isEmpty()) {
                return;
            }
            takeSnapshot();
            long now = nanoTime.getAsLong();
            for (Viewer viewer : viewers) {
                if (viewer.readingSince != null && now - viewer.readingSince > SLOWEST.toNanos()) {
                    viewer.cut.run();
                }
            }
        } catch (RuntimeException e) {
            log.error("The page gets no snapshot of the instances", e);
        } finally {
            lock.unlock();
        }
    }

    private void takeSnapshot() {
        snapshot = rows.get();
        number++;
        changed.signalAll();
    }

    /** Ends every viewer and waits until it has, for {@link #LAST_EVENTS} at most. Idempotent. */
    @Override
    public void close() {
        timer.shutdownNow();
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            long nanos = LAST_EVENTS.toNanos();
            while (!viewers.isEmpty() && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }
}

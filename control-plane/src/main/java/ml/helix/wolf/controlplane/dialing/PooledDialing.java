package ml.helix.wolf.controlplane.dialing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import org.jspecify.annotations.Nullable;

/**
 * Has data connections of busy runners picked up before they are asked for. A dial takes the oldest one; its successor is asked
 * for at once. {@link Demand} says how many each runner has; those that are too many are closed. One that ended, or on which
 * bytes came, is thrown away and not replaced before the next dial. Thread safe.
 */
public final class PooledDialing implements Dialing, AutoCloseable {
    private static final Duration TRIM_INTERVAL = Duration.ofMillis(500);

    /** How many data connections a runner may have ready that have carried a stream already. */
    private static final int MOST_RETURNED = 64;

    private final Dialing dialing;
    private final int mostOfRunner;
    private final int mostInAll;
    private final PoolMetrics metrics;
    private final LongSupplier nanoTime;

    private final ReentrantLock lock = new ReentrantLock();
    // All guarded by lock.
    private final Map<String, OfRunner> runners = new HashMap<>();
    /** Idle ones and those that are asked for, of all runners. */
    private int held;

    private boolean closed;

    /** Guarded by {@link #lock}. */
    private static final class OfRunner {
        private final Demand demand;
        /** The oldest first. */
        private final Deque<IdleConnection> idle = new ArrayDeque<>();

        private int asked;
        /** How many of the idle ones nobody has needed since the last trim. */
        private int unneeded;

        OfRunner(int most) {
            demand = new Demand(most);
        }
    }

    /**
     * @param mostOfRunner how many one runner may have; 0 turns the pool off
     * @param mostInAll how many all runners together may have
     * @param timers closes what is too many, until it is shut down
     * @param nanoTime the clock of {@code timers}
     */
    public PooledDialing(
            Dialing dialing,
            int mostOfRunner,
            int mostInAll,
            PoolMetrics metrics,
            ScheduledExecutorService timers,
            LongSupplier nanoTime) {
        this.dialing = dialing;
        this.mostOfRunner = mostOfRunner;
        this.mostInAll = mostInAll;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        metrics.limit(mostOfRunner == 0 ? 0 : mostInAll);
        long nanos = TRIM_INTERVAL.toNanos();
        timers.scheduleWithFixedDelay(this::trim, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** An idle connection takes one file descriptor; all of them take a sixteenth of the process' limit at most. */
    public static int mostInAll(long fileDescriptors) {
        return Math.clamp(fileDescriptors / 16, 16, 1024);
    }

    @Override
    public Dial dial(String runnerId) {
        if (mostOfRunner == 0) {
            return dialing.dial(runnerId);
        }
        @Nullable IdleConnection ready = take(runnerId);
        Dial dial;
        if (ready == null) {
            metrics.miss();
            dial = dialing.dial(runnerId);
        } else {
            metrics.hit();
            dial = new Ready(ready);
        }
        fill(runnerId);
        return dial;
    }

    @Override
    public Dial dialFresh(String runnerId) {
        return dialing.dialFresh(runnerId);
    }

    @Override
    public Dial dialAhead(String runnerId) {
        return dialing.dialAhead(runnerId);
    }

    private @Nullable IdleConnection take(String runnerId) {
        while (true) {
            @Nullable IdleConnection oldest = poll(runnerId);
            if (oldest == null || oldest.begin()) {
                return oldest;
            }
            discard(oldest);
        }
    }

    private @Nullable IdleConnection poll(String runnerId) {
        lock.lock();
        try {
            OfRunner runner = runners.get(runnerId);
            IdleConnection oldest = runner == null ? null : runner.idle.pollFirst();
            if (runner != null && oldest != null) {
                removed();
                runner.unneeded = Math.min(runner.unneeded, runner.idle.size());
                if (!oldest.isFresh()) {
                    runner.demand.reset();
                }
            }
            return oldest;
        } finally {
            lock.unlock();
        }
    }

    /** Notes a dial, and asks for as many as are missing now. */
    private void fill(String runnerId) {
        int missing;
        int withoutRoom;
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            OfRunner runner = runner(runnerId);
            runner.demand.dialled(now);
            int wanted = closed ? 0 : runner.demand.wanted(now) - runner.idle.size() - runner.asked;
            missing = Math.min(wanted, mostInAll - held);
            withoutRoom = wanted - missing;
            if (missing > 0) {
                runner.asked += missing;
                held += missing;
            }
        } finally {
            lock.unlock();
        }
        metrics.full(withoutRoom);
        for (int i = 0; i < missing; i++) {
            Dial dial = dialing.dialAhead(runnerId);
            Thread.ofVirtual().name("pool").start(() -> await(runnerId, dial));
        }
    }

    private void await(String runnerId, Dial dial) {
        try {
            add(runnerId, watched(runnerId, dial.id(), dial.await()));
        } catch (DialException e) {
            failed(runnerId);
        } catch (InterruptedException e) {
            failed(runnerId);
            Thread.currentThread().interrupt();
        }
    }

    private IdleConnection watched(String runnerId, String id, ByteStream stream) {
        var connection = new IdleConnection(id, stream, idle -> ended(runnerId, idle));
        connection.watch();
        return connection;
    }

    /** Its place was taken when it was asked for. */
    private void add(String runnerId, IdleConnection connection) {
        boolean kept;
        lock.lock();
        try {
            OfRunner runner = runner(runnerId);
            runner.asked--;
            held--;
            kept = keep(runner, connection, runner.idle.size() < runner.demand.wanted(nanoTime.getAsLong()));
        } finally {
            lock.unlock();
        }
        if (!kept) {
            discard(connection);
        }
    }

    /**
     * A data connection has carried a stream, and can carry another one. It is kept for as long as so many are needed.
     *
     * @param id of the stream
     * @param stream closed if it isn't needed
     */
    public void offer(String runnerId, String id, ByteStream stream) {
        IdleConnection connection = watched(runnerId, id, stream);
        boolean kept;
        lock.lock();
        try {
            OfRunner runner = runner(runnerId);
            boolean room = runner.idle.size() < MOST_RETURNED && held < mostInAll;
            kept = keep(runner, connection, room && runner.demand.wanted(nanoTime.getAsLong()) > 0);
        } finally {
            lock.unlock();
        }
        if (!kept) {
            discard(connection);
        }
    }

    /** Puts it into the pool if it is wanted and can be used. Call under the lock. */
    private boolean keep(OfRunner runner, IdleConnection connection, boolean wanted) {
        boolean kept = wanted && !closed && connection.isFresh();
        if (kept) {
            runner.idle.addLast(connection);
            held++;
            metrics.added();
        }
        return kept;
    }

    /** An agent that can't pick up is not asked again before it is busy again. */
    private void failed(String runnerId) {
        lock.lock();
        try {
            OfRunner runner = runner(runnerId);
            runner.asked--;
            runner.demand.reset();
            held--;
        } finally {
            lock.unlock();
        }
    }

    /** Its agent or Wolf has closed it. If it isn't in the pool any more, whoever took it sees the end. */
    private void ended(String runnerId, IdleConnection connection) {
        boolean wasIdle;
        lock.lock();
        try {
            OfRunner runner = runner(runnerId);
            wasIdle = runner.idle.remove(connection);
            if (wasIdle) {
                runner.demand.reset();
                removed();
            }
        } finally {
            lock.unlock();
        }
        if (wasIdle) {
            discard(connection);
        }
    }

    private void trim() {
        List<IdleConnection> surplus = new ArrayList<>();
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            runners.values().removeIf(runner -> {
                int wanted = closed ? 0 : runner.demand.wanted(now);
                int unneeded =
                        wanted == 0 ? runner.idle.size() : Math.min(runner.unneeded, runner.idle.size() - wanted);
                for (int i = 0; i < unneeded; i++) {
                    surplus.add(runner.idle.removeFirst());
                    removed();
                }
                runner.unneeded = runner.idle.size();
                return runner.idle.isEmpty() && runner.asked == 0 && runner.demand.isOver(now);
            });
        } finally {
            lock.unlock();
        }
        surplus.forEach(this::discard);
    }

    /** Call under the lock. */
    private OfRunner runner(String runnerId) {
        return runners.computeIfAbsent(runnerId, id -> new OfRunner(mostOfRunner));
    }

    /** An idle one leaves the pool. Call under the lock. */
    private void removed() {
        held--;
        metrics.taken();
    }

    private void discard(IdleConnection connection) {
        metrics.discarded();
        connection.close();
    }

    /** Closes what is idle; nothing is picked up ahead of need any more. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        trim();
    }

    /** A dial whose stream is there. */
    private record Ready(IdleConnection connection) implements Dial {
        @Override
        public ByteStream await() {
            return connection;
        }

        @Override
        public String id() {
            return connection.id();
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public boolean isPickedUpAhead() {
            return true;
        }

        @Override
        public void withdraw() {
            connection.close();
        }
    }
}

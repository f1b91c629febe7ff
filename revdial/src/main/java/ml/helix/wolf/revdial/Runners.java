package ml.helix.wolf.revdial;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runners by their ids and the dialers by theirs, under the one lock that {@link ConnectionManager} and {@link Dials}
 * share: who holds an id, who takes it over, and when it is forgotten. {@code DESIGN.md} says what the locking must hold.
 */
final class Runners {
    static final ControlEnd STOPPING = new ControlEnd(ControlEnd.Cause.CLOSED, "the control plane is stopping");

    private static final ControlEnd DISPLACED =
            new ControlEnd(ControlEnd.Cause.DISPLACED, "replaced by another agent with this id");
    private static final Logger log = LoggerFactory.getLogger(Runners.class);

    private final RunnerEvents events;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock, and so is what is inside.
    private final Map<String, Runner> runners = new HashMap<>();
    private final DialerRegister dialers = new DialerRegister();
    private boolean closed;

    Runners(RunnerEvents events, LongSupplier nanoTime) {
        this.events = events;
        this.nanoTime = nanoTime;
    }

    long now() {
        return nanoTime.getAsLong();
    }

    /** Changes the state under the lock; then, without it, runs what the change has added to its list. */
    <T> T atomically(Function<List<Runnable>, T> change) {
        List<Runnable> then = new ArrayList<>();
        T result;
        lock.lock();
        try {
            result = change.apply(then);
        } finally {
            lock.unlock();
        }
        then.forEach(Runnable::run);
        return result;
    }

    // The rest is called under the lock.

    @Nullable
    Runner find(String runnerId) {
        return runners.get(runnerId);
    }

    Collection<Runner> all() {
        return runners.values();
    }

    DialerRegister dialers() {
        return dialers;
    }

    /** The runner for a new connection. */
    Runner toConnect(String runnerId) {
        return closed ? new Runner(runnerId) : runners.computeIfAbsent(runnerId, Runner::new);
    }

    /** A new connection is up, which no dial is asked for on yet. It is over at once after {@link #close}. */
    <T extends Dialer> T opened(T dialer, List<Runnable> then) {
        if (closed) {
            retire(dialer, STOPPING, then);
        } else {
            then.add(dialer::start);
            dialers.add(dialer);
        }
        return dialer;
    }

    /** An opened connection gets the id, unless it is over already. */
    void takeOver(Dialer newer, List<Runnable> then) {
        if (newer.over) {
            return;
        }
        if (newer instanceof LocalDialer local) {
            events.connected(local);
        }
        Dialer older = newer.runner.takeOver(newer, then);
        if (older != null) {
            older.closeIdle(then);
            newer.runner.noteDisplacement(older, newer, now(), then);
            retireIfIdle(older, then);
        }
    }

    /** An opened connection is older than the one that has the id. */
    void displace(Dialer older, List<Runnable> then) {
        retire(older, DISPLACED, then);
    }

    /** A stream of a delivered dial is closed. */
    void streamClosed(Dialer dialer, List<Runnable> then) {
        dialer.streams--;
        dialer.runner.streams--;
        retireIfIdle(dialer, then);
        forgetIfIdle(dialer.runner);
    }

    private void retireIfIdle(Dialer dialer, List<Runnable> then) {
        if (!dialer.over && dialer.runner.current != dialer && dialer.streams == 0) {
            retire(dialer, DISPLACED, then);
        }
    }

    /** A connection is over, and ends. Its dials stay with it: the caller takes them out. */
    void retire(Dialer dialer, ControlEnd end, List<Runnable> then) {
        forget(dialer, end, then);
        then.add(() -> dialer.end(end));
    }

    /** The same, but the caller ends it. */
    void forget(Dialer dialer, ControlEnd end, List<Runnable> then) {
        dialer.over = true;
        dialer.closeIdle(then);
        dialers.expire(dialer);
        boolean current = dialer.runner.current == dialer;
        if (current) {
            dialer.runner.current = null;
        }
        if (current && dialer instanceof LocalDialer local) {
            events.lost(local, end);
        } else if (!current && dialer instanceof LocalDialer) {
            then.add(() -> log.info("A control connection of {} is over: {}", dialer.runnerId(), end.message()));
        }
    }

    void forgetIfIdle(Runner runner) {
        if (runner.isForgettable()) {
            runners.remove(runner.id, runner);
        }
    }

    /** Fails all dials, then ends all connections; later ones are over at once. */
    void close(DialFailure failure, List<Runnable> then) {
        closed = true;
        for (Runner runner : runners.values()) {
            runner.endGrace();
            runner.failWaiting(failure, then);
        }
        for (Dialer dialer : dialers.all()) {
            dialer.takeAll().forEach(dial -> dial.fail(failure, then));
        }
        for (Dialer dialer : dialers.all()) {
            retire(dialer, STOPPING, then);
        }
    }
}

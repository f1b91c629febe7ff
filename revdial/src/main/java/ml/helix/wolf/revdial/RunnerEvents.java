package ml.helix.wolf.revdial;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the events of a {@link ConnectionManager} to listeners, one at a time, on a virtual thread that runs while there
 * are any. The events of one runner come in order. A listener that is slow delays only the other listeners, and nothing
 * piles up: an event replaces an earlier one of its runner that was not handed over yet. Thread safe.
 */
public final class RunnerEvents implements AutoCloseable {
    private static final Duration LAST_EVENTS = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(RunnerEvents.class);

    private final InstantSource clock;
    private final List<Consumer<RunnerEvent>> listeners;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    // Guarded by lock.
    private final Map<String, RunnerEvent> waiting = new LinkedHashMap<>();
    private boolean delivering;

    /** @param listeners each gets every event, in this order; may block */
    public RunnerEvents(InstantSource clock, List<Consumer<RunnerEvent>> listeners) {
        this.clock = clock;
        this.listeners = List.copyOf(listeners);
    }

    Instant now() {
        return clock.instant();
    }

    void connected(LocalDialer dialer) {
        add(new RunnerEvent.Connected(dialer.runnerId(), dialer.agent, dialer.connectedAt));
    }

    void lost(LocalDialer dialer, ControlEnd end) {
        add(new RunnerEvent.Lost(dialer.runnerId(), dialer.agent, clock.instant(), end));
    }

    /** Never blocks. The order of the calls is the order of the events, so the manager calls it under its lock. */
    void add(RunnerEvent event) {
        lock.lock();
        try {
            waiting.remove(event.runnerId());
            waiting.put(event.runnerId(), event);
            if (!delivering) {
                delivering = true;
                Thread.ofVirtual().name("runner-events").start(this::deliver);
            }
        } finally {
            lock.unlock();
        }
    }

    private void deliver() {
        for (List<RunnerEvent> events = takeAll(); !events.isEmpty(); events = takeAll()) {
            events.forEach(this::deliver);
        }
    }

    private void deliver(RunnerEvent event) {
        for (Consumer<RunnerEvent> listener : listeners) {
            try {
                listener.accept(event);
            } catch (RuntimeException e) {
                log.error("{} was not handled", event, e);
            }
        }
    }

    private List<RunnerEvent> takeAll() {
        lock.lock();
        try {
            List<RunnerEvent> events = new ArrayList<>(waiting.values());
            waiting.clear();
            if (events.isEmpty()) {
                delivering = false;
                idle.signalAll();
            }
            return events;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the events so far are handed over, for 2 s at most. Call it after the manager was closed. */
    @Override
    public void close() {
        lock.lock();
        try {
            long nanos = LAST_EVENTS.toNanos();
            while (delivering && nanos > 0) {
                nanos = idle.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }
}

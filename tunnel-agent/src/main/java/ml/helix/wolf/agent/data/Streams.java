package ml.helix.wolf.agent.data;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What runs now: pickups under way and streams. They outlive the control connection, not the agent. Thread-safe. */
public final class Streams {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Set<Runnable> running = new HashSet<>(); // guarded by lock
    private boolean cut; // guarded by lock

    /**
     * Notes one.
     *
     * @param cutter ends it at once; called at most once, where the agent ends first
     */
    void add(Runnable cutter) {
        lock.lock();
        try {
            if (!cut) {
                running.add(cutter);
                return;
            }
        } finally {
            lock.unlock();
        }
        cutter.run();
    }

    /** Forgets it. Idempotent. */
    void remove(Runnable cutter) {
        lock.lock();
        try {
            running.remove(cutter);
            if (running.isEmpty()) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nothing runs, or the time is over. Returns how many still run. */
    public int awaitIdle(Duration longest) throws InterruptedException {
        long left = longest.toNanos();
        lock.lock();
        try {
            while (!running.isEmpty() && left > 0) {
                left = idle.awaitNanos(left);
            }
            return running.size();
        } finally {
            lock.unlock();
        }
    }

    /** Ends everything that runs, and what comes after it at once. */
    public void cut() {
        Set<Runnable> all;
        lock.lock();
        try {
            cut = true;
            all = Set.copyOf(running);
        } finally {
            lock.unlock();
        }
        all.forEach(Runnable::run);
    }
}

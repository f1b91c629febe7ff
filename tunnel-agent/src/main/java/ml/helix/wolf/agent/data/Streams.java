package ml.helix.wolf.agent.data;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.revdial.PickupFailure;

/**
 * What runs now: pickups under way and streams, up to a number that fits the process. They outlive the control
 * connection, not the agent. Thread-safe.
 */
public final class Streams {
    /**
     * The heap that a stream takes at most: 65 KiB where neither side reads (two buffers of 16 KiB in the splice, 16 KiB
     * for the outgoing frame, 8 KiB for the incoming one, the stacks of its threads), and about 50 KiB more with TLS.
     */
    private static final long BYTES_PER_STREAM = 128 * 1024;

    /** For everything else: the control connection, handshakes, metrics, classes' data. */
    private static final long RESERVED_BYTES = 32L * 1024 * 1024;

    /** The data connection and the one to Wolf; a UNIX socket's dial takes none besides. */
    private static final long DESCRIPTORS_PER_STREAM = 2;

    private static final long RESERVED_DESCRIPTORS = 96;
    private static final int FEWEST = 8;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Set<Runnable> running = new HashSet<>(); // guarded by lock
    private final int most;
    private int entered; // guarded by lock
    private boolean cut; // guarded by lock

    /** As many as fit this process's heap and its limit of file descriptors. */
    public Streams() {
        this(most(Runtime.getRuntime().maxMemory(), mostDescriptors()));
    }

    Streams(int most) {
        this.most = most;
    }

    /** How many streams fit a process with that heap and so many file descriptors. */
    static int most(long heapBytes, long descriptors) {
        long byHeap = (heapBytes - RESERVED_BYTES) / BYTES_PER_STREAM;
        long byDescriptors = (descriptors - RESERVED_DESCRIPTORS) / DESCRIPTORS_PER_STREAM;
        return Math.clamp(Math.min(byHeap, byDescriptors), FEWEST, Integer.MAX_VALUE);
    }

    private static long mostDescriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }

    /**
     * Takes the place of one stream, from its pickup on; {@link #leave} gives it back.
     *
     * @throws PickupFailure where all places are taken
     */
    void enter() throws PickupFailure {
        lock.lock();
        try {
            if (entered == most) {
                throw new PickupFailure("too many streams: the agent has memory and file descriptors for " + most);
            }
            entered++;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a place back. */
    void leave() {
        lock.lock();
        try {
            entered--;
        } finally {
            lock.unlock();
        }
    }

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

package ml.helix.wolf.agent.data;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.revdial.PickupException;

/**
 * What runs now: pickups under way and streams, up to a number that fits the process. They outlive the control
 * connection, not the agent. Thread-safe.
 */
public final class Streams {
    /**
     * The heap that a stream takes at most, with a margin. Measured with this project's jvm.options on JDK 25, after a full
     * collection: 69 KiB without TLS, 128 KiB with it, where neither end reads and both send until they can't. To repeat it, let
     * a control plane dial as many streams as the agent takes, fill both directions, and read {@code jcmd PID GC.run} and
     * {@code jcmd PID GC.heap_info}: the heap in use, less the 5 MiB of an idle agent, by the number of streams.
     */
    private static final long BYTES_PER_STREAM = 160 * 1024;

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
        this(most(Runtime.getRuntime().maxMemory(), FileDescriptors.limit()));
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

    /**
     * Takes the place of one stream, from its pickup on; {@link #leave} gives it back.
     *
     * @throws PickupException where all places are taken
     */
    void enter() throws PickupException {
        lock.lock();
        try {
            if (entered == most) {
                throw new PickupException("too many streams: the agent has memory and file descriptors for " + most);
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

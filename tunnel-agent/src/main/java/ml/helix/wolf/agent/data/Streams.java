package ml.helix.wolf.agent.data;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.revdial.PickupException;

/**
 * The running streams and the pickups under way, at most as many as the process has memory and file descriptors for. They
 * may outlive their control connection; the agent's end cuts them. Thread-safe.
 */
public final class Streams {
    /**
     * The heap that a stream takes at most, with a margin. Measured with this project's jvm.options on JDK 25, after a full
     * collection, while neither end reads and both have sent all they can: 69 KiB without TLS, 128 KiB with it. To repeat
     * it, let a control plane dial as many streams as the agent takes, fill both directions, and run {@code jcmd PID GC.run}
     * and {@code jcmd PID GC.heap_info}: the heap in use, less the 5 MiB of an idle agent, divided by the streams.
     */
    private static final long BYTES_PER_STREAM = 160 * 1024;

    /** Of the heap, for everything else: the control connection, handshakes, metrics, classes. */
    private static final long RESERVED_BYTES = 32L * 1024 * 1024;

    /** The data connection's and the one to Wolf. */
    private static final long DESCRIPTORS_PER_STREAM = 2;

    private static final long RESERVED_DESCRIPTORS = 96;
    private static final int MIN_CAPACITY = 8;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Set<Runnable> running = new HashSet<>(); // guarded by lock
    private final int capacity;
    private int reserved; // guarded by lock
    private boolean cut; // guarded by lock

    /** With the capacity that this process's heap and its limit of file descriptors allow. */
    public Streams() {
        this(capacity(Runtime.getRuntime().maxMemory(), FileDescriptors.limit()));
    }

    Streams(int capacity) {
        this.capacity = capacity;
    }

    /** How many streams a process with this heap and this many file descriptors can take. */
    static int capacity(long heapBytes, long descriptors) {
        long byHeap = (heapBytes - RESERVED_BYTES) / BYTES_PER_STREAM;
        long byDescriptors = (descriptors - RESERVED_DESCRIPTORS) / DESCRIPTORS_PER_STREAM;
        return Math.clamp(Math.min(byHeap, byDescriptors), MIN_CAPACITY, Integer.MAX_VALUE);
    }

    /**
     * Reserves one stream's share, from its pickup on; {@link #release} gives it back.
     *
     * @throws PickupException if the capacity is used up
     */
    void reserve() throws PickupException {
        lock.lock();
        try {
            if (reserved == capacity) {
                throw new PickupException(
                        "too many streams: the agent has memory and file descriptors for " + capacity);
            }
            reserved++;
        } finally {
            lock.unlock();
        }
    }

    void release() {
        lock.lock();
        try {
            reserved--;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a running stream or a pickup.
     *
     * @param cutter ends it at once; called at most once, by {@link #cut}, or here if that was called before
     */
    void register(Runnable cutter) {
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

    /** Removes it. Idempotent. */
    void unregister(Runnable cutter) {
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

    /** Waits at most {@code timeout} until nothing runs. Returns how many still run. */
    public int awaitIdle(Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
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

    /** Ends everything that runs, and from now on each newcomer at once. */
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

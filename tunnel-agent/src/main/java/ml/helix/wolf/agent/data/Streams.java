package ml.helix.wolf.agent.data;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.revdial.PickupException;

/**
 * The running streams and the pickups under way, at most as many as the process has memory and file descriptors for. They
 * may outlive their control connection; the agent's end cuts them. Thread-safe.
 */
public final class Streams {
    /**
     * The heap that a stream takes at most, with a margin. Measured with this project's jvm.options on JDK 25, after a full
     * collection, while neither end reads and both have sent all they can: 150 KiB with TLS; the input buffer of a stream that
     * carries much may be 40 KiB larger. To repeat
     * it, let a control plane dial as many streams as the agent takes, fill both directions, and run {@code jcmd PID GC.run}
     * and {@code jcmd PID GC.heap_info}: the heap in use, less the 5 MiB of an idle agent, divided by the streams.
     */
    private static final long BYTES_PER_STREAM = 192 * 1024;

    /** Of the heap's part for what stays, for everything else: the control connection, handshakes, metrics, classes. */
    private static final long RESERVED_BYTES = 6L * 1024 * 1024;

    /** The data connection's and the one to Wolf. */
    private static final long DESCRIPTORS_PER_STREAM = 2;

    private static final long RESERVED_DESCRIPTORS = 96;
    private static final int MIN_CAPACITY = 8;

    /** That many streams fewer leave heap that is worth a collection. */
    private static final int FALL = 16;

    private final Set<Runnable> running = new HashSet<>(); // guarded by this
    private final int capacity;
    private int reserved; // guarded by this
    private int most; // guarded by this
    private boolean cut; // guarded by this
    private volatile boolean draining;

    /** With the capacity that this process's heap and its limit of file descriptors allow. */
    public Streams() {
        this(capacity(Runtime.getRuntime().maxMemory(), FileDescriptors.limit()));
    }

    Streams(int capacity) {
        this.capacity = capacity;
    }

    /** How many streams a process with this heap and this many file descriptors can take. */
    static int capacity(long heapBytes, long descriptors) {
        long byHeap = (heapBytes * 3 / 4 - RESERVED_BYTES) / BYTES_PER_STREAM; // NewRatio=3 in jvm.options
        long byDescriptors = (descriptors - RESERVED_DESCRIPTORS) / DESCRIPTORS_PER_STREAM;
        return Math.clamp(Math.min(byHeap, byDescriptors), MIN_CAPACITY, Integer.MAX_VALUE);
    }

    /**
     * Reserves one stream's share, from its pickup on; {@link #release} gives it back.
     *
     * @throws PickupException if the capacity is used up
     */
    synchronized void reserve() throws PickupException {
        if (reserved == capacity) {
            throw new PickupException("too many streams: the agent has memory and file descriptors for " + capacity);
        }
        most = Math.max(most, ++reserved);
    }

    synchronized void release() {
        reserved--;
    }

    /** Whether there are at least 16 streams fewer than there were at the most since this was last true. */
    public synchronized boolean haveFallen() {
        boolean fallen = most - reserved >= FALL;
        if (fallen) {
            most = reserved;
        }
        return fallen;
    }

    /**
     * Adds a running stream or a pickup.
     *
     * @param cutter ends it at once; called at most once, by {@link #cut}, or here if that was called before
     */
    void register(Runnable cutter) {
        synchronized (this) {
            if (!cut) {
                running.add(cutter);
                return;
            }
        }
        cutter.run();
    }

    /** Runs {@code cutter} if all streams were cut: for what a running stream has opened since then. */
    void closeIfCut(Runnable cutter) {
        boolean now;
        synchronized (this) {
            now = cut;
        }
        if (now) {
            cutter.run();
        }
    }

    /** From now on no data connection is offered for another stream. */
    public void drain() {
        draining = true;
    }

    boolean isDraining() {
        return draining;
    }

    /** Removes it. Idempotent. */
    synchronized void unregister(Runnable cutter) {
        running.remove(cutter);
        notifyAll();
    }

    /** Waits at most {@code timeout} until nothing runs. Returns how many still run. */
    public synchronized int awaitIdle(Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        for (long left = timeout.toNanos(); !running.isEmpty() && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return running.size();
    }

    /** Ends everything that runs, and from now on each newcomer at once. */
    public void cut() {
        Set<Runnable> all;
        synchronized (this) {
            cut = true;
            all = Set.copyOf(running);
        }
        all.forEach(Runnable::run);
    }
}

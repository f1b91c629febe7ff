package ml.helix.wolf.controlplane.dialing;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads a caller's bytes while its dial waits and nobody takes them, so that a caller that goes away is noticed. Up to
 * {@link #LIMIT} bytes are held; the end of a caller that has sent more is noticed only when the dial is over.
 *
 * <p>The first {@link #read} ends that: it gets what was held, and later ones read from the source directly. Reads on a
 * virtual thread of its own from {@link #start} on. {@link #read} is for one thread.
 */
public final class ReadAhead {
    static final int LIMIT = 64 * 1024;

    private static final int FIRST_BUFFER = 4 * 1024;

    /** Where the bytes come from. */
    @FunctionalInterface
    public interface Source {
        /** Blocks until there are bytes; -1 at the end. */
        int read(byte[] buffer, int offset, int length) throws IOException;
    }

    /** Told, once at most, how the source ended while nobody took the bytes. Must not block. */
    @FunctionalInterface
    public interface Listener {
        /** @param failure what broke it; null where it ended in order */
        void ended(@Nullable IOException failure);
    }

    private final Source source;
    private final Listener listener;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All guarded by lock; only the reading thread replaces the buffer or writes to it beyond held.
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int held;
    private int taken;
    private boolean reading = true;
    private boolean direct;
    private boolean ended;
    private @Nullable IOException failure;

    /** Does nothing before {@link #run}, which {@link #start} runs on a thread of its own. */
    ReadAhead(Source source, Listener listener) {
        this.source = source;
        this.listener = listener;
    }

    public static ReadAhead start(Source source, Listener listener) {
        var ahead = new ReadAhead(source, listener);
        Thread.ofVirtual().name("read-ahead").start(ahead::run);
        return ahead;
    }

    /** Reads until there is an end, a reader, or no room. Call it once; a {@link #read} waits for its return or for bytes. */
    void run() {
        while (makeRoom()) {
            int count;
            @Nullable IOException broken = null;
            try {
                count = source.read(buffer, held, buffer.length - held);
            } catch (IOException e) {
                count = -1;
                broken = e;
            }
            if (!add(count, broken)) {
                listener.ended(broken);
                break;
            }
        }
        lock.lock();
        try {
            reading = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether to read on. */
    private boolean makeRoom() {
        lock.lock();
        try {
            if (held == buffer.length && held < LIMIT) {
                buffer = Arrays.copyOf(buffer, Math.min(2 * held, LIMIT));
            }
            return !direct && !ended && held < buffer.length;
        } finally {
            lock.unlock();
        }
    }

    /** Returns false where the listener has to be told. */
    private boolean add(int count, @Nullable IOException broken) {
        lock.lock();
        try {
            if (count >= 0) {
                held += count;
                changed.signalAll();
                return true;
            }
            ended = true;
            failure = broken;
            return direct;
        } finally {
            lock.unlock();
        }
    }

    /** Whether neither bytes nor the end have come yet. */
    boolean isUntouched() {
        lock.lock();
        try {
            return held == 0 && !ended;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for bytes.
     *
     * @return -1 at the end
     * @throws IOException where the source broke
     */
    public int read(byte[] target, int offset, int length) throws IOException {
        lock.lock();
        try {
            direct = true;
            while (taken == held && reading) {
                changed.awaitUninterruptibly();
            }
            if (taken < held) {
                int count = Math.min(length, held - taken);
                System.arraycopy(buffer, taken, target, offset, count);
                taken += count;
                return count;
            }
            buffer = new byte[0];
            held = 0;
            taken = 0;
            IOException broken = failure;
            if (broken != null) {
                throw broken;
            }
            if (ended) {
                return -1;
            }
        } finally {
            lock.unlock();
        }
        return source.read(target, offset, length);
    }
}

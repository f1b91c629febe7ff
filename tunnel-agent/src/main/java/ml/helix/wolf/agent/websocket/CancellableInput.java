package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A socket's input whose reads can be cancelled while the socket stays open, for the close handshake. A read that would
 * block waits for a thread of its own, which does the blocking; bytes that have arrived are read without it.
 *
 * <p>One reader at a time; {@link #cancel} may be called by any thread.
 *
 * <p>It has a {@link ReentrantLock}, because a virtual thread that waits for an object's monitor is woken by way of one more thread
 * of the JDK.
 */
final class CancellableInput {
    /** Only the first bytes after a wait go through a buffer, of this size. */
    private static final int BUFFER = 512;

    private final InputStream in;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Belongs to the blocked thread while {@code blocked} is true, else guarded by lock. */
    private final byte[] buffer = new byte[BUFFER];

    private boolean blocked; // guarded by lock, as is all that follows
    private int position;
    private int limit;
    private boolean ended;
    private @Nullable IOException failure;
    private boolean cancelled;

    CancellableInput(InputStream in) {
        this.in = in;
    }

    /** Ends a blocked read, and each further one at once, until {@link #resume}. */
    void cancel() {
        lock.lock();
        try {
            cancelled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Reads block again. No byte is lost. */
    void resume() {
        lock.lock();
        try {
            cancelled = false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * As {@link InputStream#read(byte[], int, int)}.
     *
     * @throws SocketException after {@link #cancel}
     * @throws InterruptedIOException if the thread is interrupted
     */
    int read(byte[] target, int offset, int length) throws IOException {
        lock.lock();
        try {
            return readLocked(target, offset, length);
        } finally {
            lock.unlock();
        }
    }

    private int readLocked(byte[] target, int offset, int length) throws IOException {
        while (!cancelled) {
            if (position < limit) {
                int count = Math.min(length, limit - position);
                System.arraycopy(buffer, position, target, offset, count);
                position += count;
                return count;
            } else if (failure != null) {
                throw failure;
            } else if (ended) {
                return -1;
            } else if (!blocked) {
                int available = in.available();
                if (available > 0) {
                    return in.read(target, offset, Math.min(available, length));
                }
                blocked = true;
                Thread.ofVirtual().name("websocket-read").start(this::blockForBytes);
            }
            try {
                changed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
        throw new SocketException("closed");
    }

    private void blockForBytes() {
        int count = 0;
        IOException error = null;
        try {
            count = in.read(buffer, 0, BUFFER);
        } catch (IOException e) {
            error = e;
        } catch (RuntimeException e) {
            error = new IOException("a fault of the socket", e);
        }
        lock.lock();
        try {
            blocked = false;
            position = 0;
            limit = Math.max(count, 0);
            ended = count < 0;
            failure = error;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}

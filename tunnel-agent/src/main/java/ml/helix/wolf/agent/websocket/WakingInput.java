package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A socket's input whose blocked read can be ended without an end of the socket, which still has a farewell before it. A
 * read that would block leaves the waiting to a thread of its own; what is there already is read without one.
 *
 * <p>One reader at a time; {@link #wake} may come from any thread.
 */
final class WakingInput extends InputStream {
    /** Only the first bytes after a wait go through a buffer. */
    private static final int AHEAD = 512;

    private final InputStream in;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] ahead = new byte[AHEAD];

    private boolean
            waiting; // guarded by lock, as is all that follows; while it is true "ahead" is the waiting thread's
    private int position;
    private int limit;
    private boolean ended;
    private @Nullable IOException failure;
    private boolean woken;

    WakingInput(InputStream in) {
        this.in = in;
    }

    /** Ends a blocked read and those to come, until {@link #resume}. */
    void wake() {
        setWoken(true);
    }

    /** Reads block again. Nothing is lost that came in between. */
    void resume() {
        setWoken(false);
    }

    private void setWoken(boolean now) {
        lock.lock();
        try {
            woken = now;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * @throws SocketException after {@link #wake}
     * @throws InterruptedIOException where the thread is interrupted
     */
    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (!woken) {
                if (position < limit) {
                    return fromAhead(target, offset, length);
                } else if (failure != null) {
                    throw failure;
                } else if (ended) {
                    return -1;
                } else if (!waiting) {
                    int there = in.available();
                    if (there > 0) {
                        return in.read(target, offset, Math.min(there, length));
                    }
                    waiting = true;
                    Thread.ofVirtual().name("websocket-read").start(this::waitForBytes);
                }
                changed.await();
            }
            throw new SocketException("closed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            lock.unlock();
        }
    }

    private int fromAhead(byte[] target, int offset, int length) {
        int count = Math.min(length, limit - position);
        System.arraycopy(ahead, position, target, offset, count);
        position += count;
        return count;
    }

    private void waitForBytes() {
        int count = 0;
        IOException why = null;
        try {
            count = in.read(ahead, 0, AHEAD);
        } catch (IOException e) {
            why = e;
        } catch (RuntimeException e) {
            why = new IOException("a fault of the socket", e);
        }
        lock.lock();
        try {
            waiting = false;
            position = 0;
            limit = Math.max(count, 0);
            ended = count < 0;
            failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}

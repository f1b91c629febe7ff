package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Passes a data connection's payloads from the thread that receives frames to the thread that reads the stream. It holds one
 * small payload at most: else {@link #handOver} waits until its payload is read, so that TCP stops a peer whose stream nobody
 * reads. One thread hands over and one reads; {@link #end} and {@link #close} may come from any.
 */
final class PayloadHandover {
    /** A payload of so many bytes at most is copied, so that the receiving thread goes on at once. */
    static final int COPIED = 4 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All guarded by lock.
    private @Nullable ByteBuffer payload;
    private boolean ended;
    private @Nullable Throwable failure;
    private boolean closed;
    private @Nullable Runnable watch;

    /** Calls once when the first payload or the end has come, at once if it has. */
    void watch(Runnable touched) {
        lock.lock();
        try {
            if (payload == null && !ended) {
                watch = touched;
                return;
            }
        } finally {
            lock.unlock();
        }
        touched.run();
    }

    private void tellWatch() {
        @Nullable Runnable touched;
        lock.lock();
        try {
            touched = watch;
            watch = null;
        } finally {
            lock.unlock();
        }
        if (touched != null) {
            touched.run();
        }
    }

    /**
     * Waits until the payload before is read, and if it has more than {@link #COPIED} bytes, until it is read itself; at most until
     * the handover is closed.
     */
    void handOver(ByteBuffer bytes) {
        tellWatch();
        lock.lock();
        try {
            awaitRead();
            if (closed) {
                return;
            }
            boolean copied = bytes.remaining() <= COPIED;
            payload = copied ? ByteBuffer.allocate(bytes.remaining()).put(bytes).flip() : bytes;
            changed.signalAll();
            if (!copied) {
                awaitRead();
                payload = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private void awaitRead() {
        while (!closed && hasBytes()) {
            changed.awaitUninterruptibly();
        }
    }

    /**
     * Says that no payload follows. Only the first call counts.
     *
     * @param cause what broke the stream; null if it ended in order
     */
    void end(@Nullable Throwable cause) {
        lock.lock();
        try {
            if (!ended) {
                ended = true;
                failure = cause;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        tellWatch();
    }

    boolean hasEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Drops every payload from now on and lets every read fail, those that wait included. Idempotent. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link ml.helix.wolf.revdial.ByteStream#read}. */
    int read(byte[] buffer, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (!hasBytes() && !ended && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                throw new IOException("the data connection was closed");
            }
            if (payload != null && payload.hasRemaining()) {
                int count = Math.min(length, payload.remaining());
                payload.get(buffer, offset, count);
                changed.signalAll();
                return count;
            }
            if (failure != null) {
                throw new IOException("the data connection broke: " + failure.getMessage(), failure);
            }
            return -1;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasBytes() {
        return payload != null && payload.hasRemaining();
    }
}

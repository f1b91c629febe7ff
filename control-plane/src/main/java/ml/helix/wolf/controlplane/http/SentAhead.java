package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.util.BufferUtil;

/** The bytes of a connection's output that were sent ahead of the flush that they belong to. Thread safe. */
final class SentAhead {
    private final Output output;
    private final ReentrantLock lock = new ReentrantLock();
    /** What is to be left out of the next flush, in flush mode. Guarded by {@link #lock}. */
    private final ByteBuffer ahead = BufferUtil.allocate(16);

    /** Where the bytes go. */
    @FunctionalInterface
    interface Output {
        /** As {@link org.eclipse.jetty.io.EndPoint#flush}. */
        boolean flush(ByteBuffer... buffers) throws IOException;
    }

    SentAhead(Output output) {
        this.output = output;
    }

    /** As {@link PeerEndPoint#sendAhead}. */
    boolean send(byte next) throws IOException {
        lock.lock();
        try {
            boolean sent = sendBetween(next);
            if (sent) {
                BufferUtil.append(ahead, next);
            }
            return sent;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link PeerEndPoint#sendBetween}; returns whether there was room. */
    boolean sendBetween(byte one) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {one});
        lock.lock();
        try {
            output.flush(buffer);
            return !buffer.hasRemaining();
        } finally {
            lock.unlock();
        }
    }

    /** Flushes without what was sent ahead. */
    boolean flush(ByteBuffer... buffers) throws IOException {
        lock.lock();
        try {
            if (ahead.hasRemaining()) {
                leaveOut(buffers);
            }
            return output.flush(buffers);
        } finally {
            lock.unlock();
        }
    }

    private void leaveOut(ByteBuffer... buffers) throws IOException {
        for (ByteBuffer buffer : buffers) {
            while (ahead.hasRemaining() && BufferUtil.hasContent(buffer)) {
                if (buffer.get() != ahead.get()) {
                    throw new IOException("what was sent ahead is not what came next");
                }
            }
        }
        if (!ahead.hasRemaining()) {
            BufferUtil.clear(ahead);
        }
    }
}

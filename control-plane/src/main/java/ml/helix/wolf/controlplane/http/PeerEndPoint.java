package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A peer's TCP connection, with what Jetty's own end point leaves out:
 *
 * <ul>
 *   <li>A reset is an error and not an end: {@link #fill} throws.
 *   <li>The connection can be closed by a reset: {@link #resetOnClose}.
 *   <li>A byte of what comes next can be sent ahead, to see whether the peer still takes it: {@link #sendAhead}.
 *   <li>What the peer had sent before it reset the connection can still be read: {@link #readPastReset}.
 *   <li>Closing it destroys nothing that was sent before: {@link #lingerOnClose}.
 * </ul>
 *
 * Thread safe.
 */
public class PeerEndPoint extends SocketChannelEndPoint {
    private final ReentrantLock output = new ReentrantLock();
    /** What was sent ahead and is to be left out of the next flush, in flush mode. Guarded by {@link #output}. */
    private final ByteBuffer ahead = BufferUtil.allocate(16);

    private final SelectionKey key;
    private volatile boolean readPastReset;
    private volatile boolean lingerOnClose;

    PeerEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
        this.key = key;
    }

    /** The connection that a request came on. */
    public static PeerEndPoint beneath(Request request) {
        return GuardedEndPoint.of(request);
    }

    /**
     * Closing the connection resets it from now on, so that a response which only the end delimits can't look whole; or,
     * with {@code false}, closes it in order again.
     */
    public void resetOnClose(boolean reset) {
        try {
            getChannel().setOption(StandardSocketOptions.SO_LINGER, reset ? 0 : -1);
        } catch (IOException e) {
            // It is closed already.
        }
    }

    /**
     * From now on a peer that takes no more bytes is not an error of the write: the bytes are dropped. What it had sent
     * before is read first, then {@link #fill} tells how it ended.
     */
    public void readPastReset() {
        readPastReset = true;
    }

    /**
     * Closing ends the output first, and the connection once the peer has ended, as {@link
     * ml.helix.wolf.revdial.socket.LingeringStream} says. Jetty closes a WebSocket connection right after it has sent a close frame
     * of a code like 1001, 1002 or 1008, and the kernel discards that frame where there is unread input.
     */
    public void lingerOnClose() {
        lingerOnClose = true;
    }

    /** Called once, by {@link #close}. */
    @Override
    public void doClose() {
        if (lingerOnClose) {
            new LingeringChannel(getChannel(), this::closeChannel).close();
        } else {
            super.doClose();
        }
    }

    /** The descriptor of a closed channel is freed within its selector's next selection only. */
    private void closeChannel() {
        super.doClose();
        key.selector().wakeup();
    }

    /**
     * Sends one byte now and leaves it out of the next flush, which has to begin with it. No flush may be pending.
     *
     * @return whether there was room for it
     * @throws IOException if the peer has closed or reset its end
     */
    public boolean sendAhead(byte next) throws IOException {
        output.lock();
        try {
            boolean sent = send(next);
            if (sent) {
                BufferUtil.append(ahead, next);
            }
            return sent;
        } finally {
            output.unlock();
        }
    }

    /**
     * Sends one byte now, between two flushes. No flush may be pending.
     *
     * @throws IOException if the peer has closed or reset its end
     */
    public void sendBetween(byte one) throws IOException {
        output.lock();
        try {
            send(one);
        } finally {
            output.unlock();
        }
    }

    private boolean send(byte one) throws IOException {
        return getChannel().write(ByteBuffer.wrap(new byte[] {one})) == 1;
    }

    @Override
    public final int fill(ByteBuffer buffer) throws IOException {
        if (isInputShutdown()) {
            return -1;
        }
        int position = BufferUtil.flipToFill(buffer);
        try {
            int filled = getChannel().read(buffer);
            if (filled > 0) {
                notIdle();
            } else if (filled < 0) {
                shutdownInput();
            }
            return filled;
        } catch (IOException e) {
            shutdownInput();
            throw e;
        } finally {
            BufferUtil.flipToFlush(buffer, position);
        }
    }

    @Override
    public final boolean flush(ByteBuffer... buffers) throws IOException {
        output.lock();
        try {
            if (ahead.hasRemaining()) {
                leaveOut(buffers);
            }
            return super.flush(buffers);
        } catch (EofException e) {
            if (!readPastReset || isInputShutdown()) {
                throw e;
            }
            for (ByteBuffer buffer : buffers) {
                BufferUtil.clear(buffer);
            }
            return true;
        } finally {
            output.unlock();
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

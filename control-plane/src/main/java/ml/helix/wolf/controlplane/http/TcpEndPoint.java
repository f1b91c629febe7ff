package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/** A peer's TCP connection. With TLS, {@link TlsConnection.TlsEndPoint} lies on top of it. */
abstract sealed class TcpEndPoint extends SocketChannelEndPoint implements PeerEndPoint permits GuardedEndPoint {
    private final SentAhead sentAhead = new SentAhead(this::flushToSocket);
    private final SelectionKey key;
    private volatile boolean resetOnClose;
    private volatile boolean idleTimeoutHolds = true;
    private volatile boolean readPastReset;
    private volatile boolean lingerOnClose;
    private volatile boolean detached;

    TcpEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
        this.key = key;
    }

    @Override
    public void resetOnClose(boolean reset) {
        if (reset == resetOnClose) {
            return;
        }
        resetOnClose = reset;
        try {
            getChannel().setOption(StandardSocketOptions.SO_LINGER, reset ? 0 : -1);
        } catch (IOException e) {
            // It is closed already.
        }
    }

    @Override
    public void idleTimeoutHolds(boolean holds) {
        notIdle();
        idleTimeoutHolds = holds;
    }

    @Override
    protected void onIdleExpired(TimeoutException timeout) {
        if (idleTimeoutHolds) {
            super.onIdleExpired(timeout);
        }
    }

    @Override
    public void lingerOnClose() {
        lingerOnClose = true;
    }

    /** Called once, by {@link #close}. */
    @Override
    public void doClose() {
        if (detached) {
            return;
        }
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
     * From now on a peer that takes no more bytes is not an error of the write: the bytes are dropped. What it had sent
     * before is read first, then {@link #fill} tells how it ended.
     */
    void readPastReset() {
        readPastReset = true;
    }

    /**
     * A cancelled key no longer counts, so the channel may block from now on, although its selector forgets it within its next
     * selection only. A selector that touches the key meanwhile closes this end point, as this does.
     */
    @Override
    public PeerChannel detach() throws IOException {
        detached = true;
        key.cancel();
        SocketChannel channel = getChannel();
        channel.configureBlocking(true);
        close();
        return new SocketPeer(channel);
    }

    @Override
    public boolean sendAhead(byte next) throws IOException {
        return sentAhead.send(next);
    }

    @Override
    public void sendBetween(byte one) throws IOException {
        sentAhead.sendBetween(one);
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
        return sentAhead.flush(buffers);
    }

    private boolean flushToSocket(ByteBuffer... buffers) throws IOException {
        try {
            return super.flush(buffers);
        } catch (EofException e) {
            if (!readPastReset || isInputShutdown()) {
                throw e;
            }
            for (ByteBuffer buffer : buffers) {
                BufferUtil.clear(buffer);
            }
            return true;
        }
    }
}

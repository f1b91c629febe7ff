package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import ml.helix.wolf.revdial.socket.LingeringStream;

/**
 * Closes a non-blocking channel that Jetty no longer uses, as {@link LingeringStream} says, but drops at most 1 MiB. TCP
 * stops a peer that sends more, and its silence ends the wait. It polls for input, since a selector of its own would take two
 * more file descriptors.
 */
final class LingeringChannel extends LingeringStream {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(10);
    private static final int MAX_DROPPED = 1024 * 1024;

    private final SocketChannel channel;
    private final Runnable cut;
    private int dropped; // belongs to the reading thread

    /** @param cut closes the channel at once */
    LingeringChannel(SocketChannel channel, Runnable cut) {
        this.channel = channel;
        this.cut = cut;
    }

    @Override
    protected int receive(byte[] buffer, int offset, int length) throws IOException {
        var into = ByteBuffer.wrap(buffer, offset, length);
        while (true) {
            if (dropped < MAX_DROPPED) {
                int count = channel.read(into);
                if (count != 0) {
                    dropped += count;
                    return count;
                }
            } else if (!channel.isOpen()) {
                throw new ClosedChannelException();
            }
            try {
                Thread.sleep(POLL_INTERVAL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    @Override
    protected void send(byte[] buffer, int offset, int length) {
        throw new UnsupportedOperationException("nothing is sent after the end");
    }

    @Override
    protected void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    protected void cut() {
        cut.run();
    }
}

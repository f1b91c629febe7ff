package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A peer without TLS: its socket, in blocking mode. */
final class SocketPeer implements PeerChannel {
    private static final Logger log = LoggerFactory.getLogger(SocketPeer.class);

    private final SocketChannel channel;
    private final InputStream input;

    SocketPeer(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.socket().setSoTimeout((int) PATIENCE.toMillis());
        this.input = channel.socket().getInputStream(); // a channel's own read knows no time-out
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        try {
            int count = input.read(target.array(), target.arrayOffset() + target.position(), target.remaining());
            target.position(target.position() + Math.max(0, count));
            return count;
        } catch (SocketTimeoutException e) {
            return 0;
        }
    }

    @Override
    public void write(ByteBuffer... parts) throws IOException {
        if (parts.length == 1) {
            while (parts[0].hasRemaining()) {
                channel.write(parts[0]);
            }
            return;
        }
        while (parts[parts.length - 1].hasRemaining()) {
            channel.write(parts);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("A socket can't be closed", e);
        }
    }
}

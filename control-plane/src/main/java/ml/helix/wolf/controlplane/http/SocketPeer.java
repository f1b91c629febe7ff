package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A peer without TLS: its socket, in blocking mode. */
record SocketPeer(SocketChannel channel) implements PeerChannel {
    private static final Logger log = LoggerFactory.getLogger(SocketPeer.class);

    @Override
    public int read(ByteBuffer target) throws IOException {
        return channel.read(target);
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

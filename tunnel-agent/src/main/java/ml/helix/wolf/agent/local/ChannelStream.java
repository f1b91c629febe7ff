package ml.helix.wolf.agent.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import ml.helix.wolf.revdial.socket.LingeringStream;

/** A connection to Wolf's UNIX socket. Its channel has no java.net.Socket, which SocketStream needs. */
final class ChannelStream extends LingeringStream {
    private final SocketChannel channel;

    ChannelStream(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    protected int receive(byte[] buffer, int offset, int length) throws IOException {
        return channel.read(ByteBuffer.wrap(buffer, offset, length));
    }

    @Override
    protected void send(byte[] buffer, int offset, int length) throws IOException {
        var bytes = ByteBuffer.wrap(buffer, offset, length);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    protected void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    protected void cut() {
        try {
            channel.close();
        } catch (IOException e) {
            // closed is closed
        }
    }
}

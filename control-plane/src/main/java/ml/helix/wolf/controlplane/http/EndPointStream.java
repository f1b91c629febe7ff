package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.socket.LingeringStream;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;

/** A caller's connection, once it has left HTTP, as a blocking stream of bytes. */
final class EndPointStream extends LingeringStream {
    private final EndPoint endPoint;

    EndPointStream(EndPoint endPoint) {
        this.endPoint = endPoint;
    }

    @Override
    protected int receive(byte[] buffer, int offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.wrap(buffer, offset, length).slice();
        BufferUtil.flipToFlush(into, 0);
        while (true) {
            int filled = endPoint.fill(into);
            if (filled != 0) {
                return filled;
            }
            try (Blocker.Callback readable = Blocker.callback()) {
                endPoint.fillInterested(readable);
                readable.block();
            }
        }
    }

    @Override
    protected void send(byte[] buffer, int offset, int length) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            endPoint.write(written, ByteBuffer.wrap(buffer, offset, length));
            written.block();
        }
    }

    @Override
    protected void endOutput() {
        endPoint.shutdownOutput();
    }

    @Override
    protected void cut() {
        endPoint.close();
    }
}

package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;

/** A peer with TLS: Jetty's end point, whose selector wakes the threads that wait. */
record EndPointPeer(EndPoint endPoint) implements PeerChannel {

    @Override
    public int read(ByteBuffer target) throws IOException {
        ByteBuffer into = target.slice();
        BufferUtil.flipToFlush(into, 0);
        while (true) {
            int filled = endPoint.fill(into);
            if (filled > 0) {
                target.position(target.position() + filled);
            }
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
    public void write(ByteBuffer... parts) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            endPoint.write(written, parts);
            written.block();
        }
    }

    @Override
    public void shutdownOutput() {
        endPoint.shutdownOutput();
    }

    @Override
    public void close() {
        endPoint.close();
    }
}

package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ByteStream;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;

/**
 * A caller's connection, once it has left HTTP, as a blocking stream of bytes.
 *
 * <p>One thread reads and one writes at a time; {@link #close} may come from any.
 */
final class EndPointStream implements ByteStream {
    private final EndPoint endPoint;
    /** What had arrived before the connection left HTTP. Touched by the reading thread only. */
    private final ByteBuffer early;

    EndPointStream(EndPoint endPoint, ByteBuffer early) {
        this.endPoint = endPoint;
        this.early = early;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (early.hasRemaining()) {
            int count = Math.min(length, early.remaining());
            early.get(buffer, offset, count);
            return count;
        }
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
    public void write(byte[] buffer, int offset, int length) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            endPoint.write(written, ByteBuffer.wrap(buffer, offset, length));
            written.block();
        }
    }

    @Override
    public void close() {
        endPoint.close();
    }
}

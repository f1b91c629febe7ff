package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A stream of which some bytes have been read already: they come first.
 *
 * @param first touched by the reading thread only
 */
record PrefixedStream(ByteBuffer first, ByteStream rest) implements ByteStream {

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!first.hasRemaining()) {
            return rest.read(buffer, offset, length);
        }
        int count = Math.min(length, first.remaining());
        first.get(buffer, offset, count);
        return count;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        rest.write(buffer, offset, length);
    }

    @Override
    public void close() {
        rest.close();
    }
}

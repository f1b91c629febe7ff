package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A stream of which some bytes have been read already: they come first.
 *
 * @param first touched by the reading thread only
 * @param broke told when reading fails, before the reader hears of it; must not block
 */
record PrefixedStream(ByteBuffer first, ByteStream rest, Runnable broke) implements ByteStream {

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!first.hasRemaining()) {
            try {
                return rest.read(buffer, offset, length);
            } catch (IOException e) {
                broke.run();
                throw e;
            }
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

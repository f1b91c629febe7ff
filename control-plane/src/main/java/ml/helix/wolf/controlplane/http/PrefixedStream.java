package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A stream of which some bytes have been read already: they come first.
 *
 * @param first used by the reading thread only
 * @param onReadFailure runs when reading the rest fails, before the reader gets the exception; must not block
 */
public record PrefixedStream(ByteBuffer first, ByteStream rest, Runnable onReadFailure) implements ByteStream {

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!first.hasRemaining()) {
            try {
                return rest.read(buffer, offset, length);
            } catch (IOException e) {
                onReadFailure.run();
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

package ml.helix.wolf.agent.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A stream read through one small buffer: heads byte by byte, bodies straight into the caller's array. Unlike
 * {@link java.io.BufferedInputStream} it asks the socket nothing but to read, and never waits for more than it needs.
 *
 * <p>One thread at a time.
 */
public final class BufferedSource {
    private final InputStream in;
    private final byte[] buffer;
    private int position;
    private int limit;

    public BufferedSource(InputStream in, int size) {
        this.in = in;
        this.buffer = new byte[size];
    }

    /** The next byte, 0 to 255, or -1 at the end. */
    public int read() throws IOException {
        return position == limit && !fill() ? -1 : buffer[position++] & 0xff;
    }

    /** @throws EOFException where the stream ends here */
    public int require() throws IOException {
        int next = read();
        if (next < 0) {
            throw new EOFException("the stream ended early");
        }
        return next;
    }

    /** At least 1 byte, at most {@code length}; -1 at the end. Large reads pass the buffer by. */
    public int read(byte[] target, int offset, int length) throws IOException {
        if (position == limit) {
            if (length >= buffer.length) {
                return in.read(target, offset, length);
            }
            if (!fill()) {
                return -1;
            }
        }
        int count = Math.min(length, limit - position);
        System.arraycopy(buffer, position, target, offset, count);
        position += count;
        return count;
    }

    /** How many bytes have been read from the stream but not from here. */
    public int buffered() {
        return limit - position;
    }

    private boolean fill() throws IOException {
        int count = in.read(buffer, 0, buffer.length);
        position = 0;
        limit = Math.max(count, 0);
        return count > 0;
    }
}

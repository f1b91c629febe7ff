package ml.helix.wolf.agent.http;

import java.io.EOFException;
import java.io.IOException;

/**
 * Reads a stream through one small buffer: heads byte by byte, bodies straight into the caller's array. Unlike
 * {@link java.io.BufferedInputStream} it calls nothing but {@code read}, and never waits for more bytes than it needs.
 *
 * <p>One thread at a time.
 */
public final class BufferedSource {
    private final Reader reader;
    private final byte[] buffer;
    private int position;
    private int limit;

    /** A stream's read method, as {@link java.io.InputStream#read(byte[], int, int)}. */
    @FunctionalInterface
    public interface Reader {
        int read(byte[] target, int offset, int length) throws IOException;
    }

    /** @param size of the buffer, in bytes */
    public BufferedSource(Reader reader, int size) {
        this.reader = reader;
        this.buffer = new byte[size];
    }

    /** The next byte, 0 to 255, or -1 at the end. */
    public int read() throws IOException {
        return position == limit && !fill() ? -1 : buffer[position++] & 0xff;
    }

    /**
     * The next byte, 0 to 255.
     *
     * @throws EOFException at the end
     */
    public int require() throws IOException {
        int next = read();
        if (next < 0) {
            throw new EOFException("the stream ended early");
        }
        return next;
    }

    /** At least 1 byte, at most {@code length}; -1 at the end. Large reads bypass the buffer. */
    public int read(byte[] target, int offset, int length) throws IOException {
        if (position == limit) {
            if (length >= buffer.length) {
                return reader.read(target, offset, length);
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

    private boolean fill() throws IOException {
        int count = reader.read(buffer, 0, buffer.length);
        position = 0;
        limit = Math.max(count, 0);
        return count > 0;
    }
}

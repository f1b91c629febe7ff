package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A complete request body in memory. Reading releases its blocks to the {@link BodyMemory} one by one, {@link #close} releases
 * the rest. For one thread at a time.
 */
final class BufferedBody extends InputStream {
    private final BodyMemory memory;
    private final Deque<byte[]> blocks = new ArrayDeque<>();
    private int length;
    /** Next byte to read, in the first block. */
    private int position;

    private BufferedBody(BodyMemory memory) {
        this.memory = memory;
    }

    /**
     * Reads to the end. Holds no memory if it throws.
     *
     * @param limit the longest body, in bytes
     * @throws TooLongException if the body is longer
     * @throws BodyMemory.ExhaustedException if other bodies hold all the memory
     * @throws IOException if reading fails
     */
    static BufferedBody of(InputStream in, int limit, BodyMemory memory) throws IOException {
        var body = new BufferedBody(memory);
        try {
            body.fill(in, limit);
            return body;
        } catch (IOException | RuntimeException e) {
            body.close();
            throw e;
        }
    }

    private void fill(InputStream in, int limit) throws IOException {
        int read = BodyMemory.BLOCK;
        while (read == BodyMemory.BLOCK) {
            byte[] block = memory.acquire();
            blocks.addLast(block);
            read = in.readNBytes(block, 0, block.length);
            length += read;
            if (length > limit) {
                throw new TooLongException();
            }
        }
    }

    /** Unread bytes. */
    int length() {
        return length;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int count) {
        if (length == 0) {
            return -1;
        }
        byte[] block = blocks.getFirst();
        int taken = Math.min(count, Math.min(length, block.length - position));
        System.arraycopy(block, position, target, offset, taken);
        position += taken;
        length -= taken;
        if (position == block.length) {
            memory.release(blocks.removeFirst());
            position = 0;
        }
        return taken;
    }

    /** Idempotent. */
    @Override
    public void close() {
        length = 0;
        while (!blocks.isEmpty()) {
            memory.release(blocks.removeFirst());
        }
    }

    /** The body is longer than it may be. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1;
    }
}

package ml.helix.wolf.websocket;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Turns a peer's frames (RFC 6455, section 5.2) into the bytes of its messages. Where a message or a fragment ends, and
 * whether it is text, means nothing to a stream. Its buffer begins with {@value #FIRST_BUFFER} bytes and grows to 64 KiB while reads
 * fill it; a frame's length allocates nothing. What a read that fails has not consumed is read by the next one.
 *
 * <p>One thread at a time.
 */
public final class FrameReader {
    private static final int FIRST_BUFFER = 4 * 1024;
    private static final int LARGEST_BUFFER = 64 * 1024;
    private static final int FIN = 0x80;
    private static final int RESERVED = 0x70;
    private static final int MASK = 0x80;
    private static final int LONGEST_CONTROL = 125;
    private static final int LONGEST_TEXT = 125;

    private final Source source;
    private final boolean masked;
    private final Consumer<byte[]> pings;
    private final Consumer<byte[]> pongs;
    private final BooleanSupplier budget;
    private final @Nullable Predicate<String> texts;

    /** What has come and is not consumed, in read mode. */
    private ByteBuffer buffer = ByteBuffer.allocate(FIRST_BUFFER).flip();

    /** Whether the last read from the source filled the buffer. */
    private boolean wasFull;

    /** How many bytes of the current data frame are still to come. */
    private long left;

    /** The key of what is left. */
    private int key;

    /** Whether the current message's last fragment is still to come. */
    private boolean unfinished;

    private boolean ended;
    private boolean closeFrame;
    private int closeCode;
    private boolean paused;

    /** Where the frames come from. */
    @FunctionalInterface
    public interface Source {
        /**
         * Waits for bytes.
         *
         * @param target has room
         * @return how many came, at least 1; -1 at the end
         */
        int read(ByteBuffer target) throws IOException;
    }

    /**
     * @param masked whether the peer is a client, whose frames must be masked; a server's must not be
     * @param pings takes each ping's payload; must not block
     * @param pongs takes each pong's payload; must not block
     * @param budget takes one unit for each control frame, empty frame and text message; false if the peer may send no more
     * @param texts takes each text message, of 125 bytes at most, and says whether reading pauses after it; null if text is
     *     data
     */
    public FrameReader(
            Source source,
            boolean masked,
            Consumer<byte[]> pings,
            Consumer<byte[]> pongs,
            BooleanSupplier budget,
            @Nullable Predicate<String> texts) {
        this.source = source;
        this.masked = masked;
        this.pings = pings;
        this.pongs = pongs;
        this.budget = budget;
        this.texts = texts;
    }

    /**
     * The next bytes of data.
     *
     * @return how many, at least 1; -1 when the peer has sent a close frame, or a FIN between two frames, or while {@linkplain
     *     #isPaused paused}
     * @throws EOFException if the stream ends inside a frame
     * @throws FloodException if the peer sends more than its budget
     * @throws ProtocolException if the peer breaks the RFC
     */
    public int read(byte[] target, int offset, int length) throws IOException {
        if (!awaitPayload()) {
            return -1;
        }
        int most = (int) Math.min(length, left);
        ByteBuffer piece;
        if (buffer.hasRemaining() || length < buffer.capacity()) {
            fillIfEmpty();
            int count = Math.min(most, buffer.remaining());
            buffer.get(target, offset, count);
            piece = ByteBuffer.wrap(target, offset, count);
        } else {
            int count = source.read(ByteBuffer.wrap(target, offset, most));
            if (count < 0) {
                throw cut();
            }
            piece = ByteBuffer.wrap(target, offset, count);
        }
        return consumed(piece).remaining();
    }

    /**
     * The next bytes of data where they are: the caller may use them until its next call of this reader.
     *
     * @return at least 1 byte; null where {@link #read} returns -1
     * @throws IOException as {@link #read}
     */
    public @Nullable ByteBuffer next() throws IOException {
        if (!awaitPayload()) {
            return null;
        }
        fillIfEmpty();
        int count = (int) Math.min(left, buffer.remaining());
        ByteBuffer piece = buffer.slice(buffer.position(), count);
        buffer.position(buffer.position() + count);
        return consumed(piece);
    }

    /**
     * Waits until {@link #read} and {@link #next} have an answer without waiting.
     *
     * @return whether it is data
     * @throws IOException as {@link #read}
     */
    public boolean await() throws IOException {
        if (!awaitPayload()) {
            return false;
        }
        fillIfEmpty();
        return true;
    }

    /** Whether the end was a close frame, which must be answered. */
    public boolean endedByCloseFrame() {
        return closeFrame;
    }

    /** The code of the close frame; 1005 if it had none. */
    public int closeCode() {
        return closeCode;
    }

    /** Whether a text message has paused the reading, and {@link #resume} was not called since. */
    public boolean isPaused() {
        return paused;
    }

    /** Reading goes on after a pause. */
    public void resume() {
        paused = false;
    }

    private ByteBuffer consumed(ByteBuffer piece) {
        left -= piece.remaining();
        if (masked) {
            Masking.apply(piece, key);
            key = Masking.after(piece.remaining(), key);
        }
        return piece;
    }

    /** Returns false at the end. */
    private boolean awaitPayload() throws IOException {
        while (left == 0 && !ended && !paused) {
            readHead();
        }
        return !ended && !paused;
    }

    private void fillIfEmpty() throws IOException {
        if (!buffer.hasRemaining() && !fill()) {
            throw cut();
        }
    }

    private static EOFException cut() {
        return new EOFException("the stream ended within a frame");
    }

    /** Returns false at the end. */
    private boolean fill() throws IOException {
        if (wasFull && !buffer.hasRemaining() && buffer.capacity() < LARGEST_BUFFER) {
            buffer = ByteBuffer.allocate(4 * buffer.capacity());
        } else {
            buffer.compact();
        }
        try {
            int count = source.read(buffer);
            wasFull = !buffer.hasRemaining();
            return count > 0;
        } finally {
            buffer.flip();
        }
    }

    /** The byte at {@code index} of what is not consumed, 0 to 255. Waits for it. */
    private int require(int index) throws IOException {
        while (buffer.remaining() <= index) {
            if (!fill()) {
                throw cut();
            }
        }
        return buffer.get(buffer.position() + index) & 0xff;
    }

    /** Consumes a head, and a control frame or text message with its payload, when it is complete. */
    private void readHead() throws IOException {
        if (!buffer.hasRemaining() && !fill()) {
            ended = true;
            return;
        }
        int first = require(0);
        if ((first & RESERVED) != 0) {
            throw new ProtocolException("a reserved bit is set, and no extension was agreed on");
        }
        boolean last = (first & FIN) != 0;
        int second = require(1);
        if (masked != (second & MASK) > 0) {
            throw new ProtocolException(masked ? "a client's frame is not masked" : "a server's frame is masked");
        }
        int seven = second & ~MASK;
        int opcode = first & 0x0f;
        if (opcode >= Opcode.CLOSE) {
            takeBudget();
            if (!last || seven > LONGEST_CONTROL) {
                throw new ProtocolException(
                        "a control frame is fragmented or longer than " + LONGEST_CONTROL + " bytes");
            }
            takeControlFrame(opcode, payload(seven));
            return;
        }
        if (opcode > Opcode.BINARY || (opcode == Opcode.CONTINUATION) != unfinished) {
            throw new ProtocolException("opcode " + opcode + " is out of place");
        }
        if (opcode == Opcode.TEXT && texts != null) {
            takeBudget();
            if (!last || seven > LONGEST_TEXT) {
                throw new ProtocolException("a text message is fragmented or longer than " + LONGEST_TEXT + " bytes");
            }
            paused = texts.test(new String(payload(seven), StandardCharsets.US_ASCII));
            return;
        }
        left = dataHead(seven);
        unfinished = !last;
        if (left == 0) {
            takeBudget();
        }
    }

    /** Returns how long the payload is. */
    private long dataHead(int seven) throws IOException {
        int bytes = seven == 127 ? 8 : seven == 126 ? 2 : 0;
        long length = bytes == 0 ? seven : 0;
        int at = 2;
        for (int i = 0; i < bytes; i++) {
            length = length << 8 | require(at++);
        }
        if (length < 0) {
            throw new ProtocolException("a frame's length is negative");
        }
        consumeHead(at);
        return length;
    }

    private byte[] payload(int length) throws IOException {
        int head = masked ? 2 + Integer.BYTES : 2;
        require(head + length - 1);
        consumeHead(2);
        byte[] payload = new byte[length];
        buffer.get(payload);
        if (masked) {
            Masking.copy(payload, 0, payload, 0, length, key);
        }
        return payload;
    }

    /** Consumes so many bytes, and the key. */
    private void consumeHead(int length) throws IOException {
        int newKey = 0;
        if (masked) {
            for (int i = 0; i < Integer.BYTES; i++) {
                newKey |= require(length + i) << 8 * i;
            }
            key = newKey;
        }
        buffer.position(buffer.position() + length + (masked ? Integer.BYTES : 0));
    }

    private void takeBudget() throws FloodException {
        if (!budget.getAsBoolean()) {
            throw new FloodException();
        }
    }

    private void takeControlFrame(int opcode, byte[] payload) throws ProtocolException {
        switch (opcode) {
            case Opcode.CLOSE -> {
                ended = true;
                closeFrame = true;
                closeCode = payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
            }
            case Opcode.PING -> pings.accept(payload);
            case Opcode.PONG -> pongs.accept(payload);
            default -> throw new ProtocolException("opcode " + opcode + " is unknown");
        }
    }
}

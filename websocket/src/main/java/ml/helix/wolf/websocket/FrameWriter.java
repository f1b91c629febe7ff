package ml.helix.wolf.websocket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames, each with one write to the sink. A client's are masked in a buffer that grows to 64 KiB; a server's payload is written
 * from where it is.
 *
 * <p>One thread at a time.
 */
public final class FrameWriter {
    private static final int LONGEST_HEADER = 14;
    private static final int LONGEST_CONTROL = 125;
    private static final int LONGEST_FRAME = 64 * 1024;
    /** A longer buffer is dropped at the next frame of {@value #LONGEST_CONTROL} bytes or less, for example a ping: the stream may be quiet by then. */
    private static final int KEPT = LONGEST_HEADER + 16 * 1024;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Sink sink;
    private final @Nullable IntSupplier keys;
    private byte[] buffer = new byte[LONGEST_HEADER + LONGEST_CONTROL];

    /** Where the frames go. */
    @FunctionalInterface
    public interface Sink {
        /** Writes what remains of all the parts, which belong to one frame. */
        void write(ByteBuffer... parts) throws IOException;
    }

    private FrameWriter(Sink sink, @Nullable IntSupplier keys) {
        this.sink = sink;
        this.keys = keys;
    }

    /** A client's: each frame is masked, and is one part that has an array. */
    public static FrameWriter masked(Sink sink) {
        return masked(sink, new MaskingKeys(RANDOM::nextBytes));
    }

    /** @param keys supplies the masking keys */
    static FrameWriter masked(Sink sink, IntSupplier keys) {
        return new FrameWriter(sink, keys);
    }

    /** A server's. */
    public static FrameWriter unmasked(Sink sink) {
        return new FrameWriter(sink, null);
    }

    /** Writes the bytes as one binary message for each 64 KiB; no message for no bytes. */
    public void binary(byte[] source, int offset, int length) throws IOException {
        for (int done = 0; done < length; done += LONGEST_FRAME) {
            data(source, offset + done, Math.min(LONGEST_FRAME, length - done));
        }
    }

    /** Writes a text message of ASCII characters, at most 125, and the bytes after it; a server's with one write. */
    public void textAndBinary(String message, byte[] source, int offset, int length) throws IOException {
        if (keys != null || length > LONGEST_FRAME) {
            text(message);
            binary(source, offset, length);
            return;
        }
        byte[] payload = message.getBytes(StandardCharsets.US_ASCII);
        byte[] both = new byte[2 * LONGEST_HEADER + payload.length];
        int at = header(Opcode.TEXT, payload.length, 0);
        System.arraycopy(buffer, 0, both, 0, at);
        System.arraycopy(payload, 0, both, at, payload.length);
        at += payload.length;
        int header = header(Opcode.BINARY, length, 0);
        System.arraycopy(buffer, 0, both, at, header);
        sink.write(ByteBuffer.wrap(both, 0, at + header), ByteBuffer.wrap(source, offset, length));
    }

    /** Writes a text message of ASCII characters, at most 125. */
    public void text(String message) throws IOException {
        control(Opcode.TEXT, message.getBytes(StandardCharsets.US_ASCII));
    }

    /** Writes a ping; at most 125 bytes of payload. */
    public void ping(byte[] payload) throws IOException {
        control(Opcode.PING, payload);
    }

    /** Writes a pong with a ping's payload. */
    public void pong(byte[] payload) throws IOException {
        control(Opcode.PONG, payload);
    }

    /** Writes a close frame with a code and a reason of ASCII characters, at most 123. */
    public void close(int code, String reason) throws IOException {
        byte[] text = reason.getBytes(StandardCharsets.US_ASCII);
        control(
                Opcode.CLOSE,
                ByteBuffer.allocate(2 + text.length)
                        .putShort((short) code)
                        .put(text)
                        .array());
    }

    private void data(byte[] source, int offset, int length) throws IOException {
        if (keys == null) {
            int header = header(Opcode.BINARY, length, 0);
            sink.write(ByteBuffer.wrap(buffer, 0, header), ByteBuffer.wrap(source, offset, length));
        } else {
            masked(Opcode.BINARY, source, offset, length, keys.getAsInt());
        }
    }

    private void control(int opcode, byte[] payload) throws IOException {
        if (keys == null) {
            int header = header(opcode, payload.length, 0);
            System.arraycopy(payload, 0, buffer, header, payload.length);
            sink.write(ByteBuffer.wrap(buffer, 0, header + payload.length));
        } else {
            masked(opcode, payload, 0, payload.length, keys.getAsInt());
        }
    }

    private void masked(int opcode, byte[] source, int offset, int length, int key) throws IOException {
        if (buffer.length < LONGEST_HEADER + length) {
            buffer = new byte[LONGEST_HEADER + Math.min(LONGEST_FRAME, Math.max(length, 2 * buffer.length))];
        } else if (buffer.length > KEPT && length <= LONGEST_CONTROL) {
            buffer = new byte[LONGEST_HEADER + LONGEST_CONTROL];
        }
        int at = header(opcode, length, 0x80);
        for (int shift = 0; shift < 32; shift += 8) {
            buffer[at++] = (byte) (key >> shift);
        }
        Masking.copy(source, offset, buffer, at, length, key);
        sink.write(ByteBuffer.wrap(buffer, 0, at + length));
    }

    /** Returns how many bytes it has, without the key. */
    private int header(int opcode, int length, int maskBit) {
        int at = 0;
        buffer[at++] = (byte) (0x80 | opcode);
        if (length <= LONGEST_CONTROL) {
            buffer[at++] = (byte) (maskBit | length);
        } else if (length <= 0xffff) {
            buffer[at++] = (byte) (maskBit | 126);
            buffer[at++] = (byte) (length >> 8);
            buffer[at++] = (byte) length;
        } else {
            buffer[at++] = (byte) (maskBit | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                buffer[at++] = (byte) ((long) length >> shift);
            }
        }
        return at;
    }
}

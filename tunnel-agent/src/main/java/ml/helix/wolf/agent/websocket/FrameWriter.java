package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.function.IntSupplier;

/**
 * Writes a client's frames, each masked and with one write to the socket. Its buffer grows to 64 KiB.
 *
 * <p>One thread at a time.
 */
final class FrameWriter {
    private static final int LONGEST_HEADER = 14;
    private static final int LONGEST_FRAME = 64 * 1024;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final OutputStream out;
    private final IntSupplier keys;
    private byte[] buffer = new byte[LONGEST_HEADER + 125];

    FrameWriter(OutputStream out) {
        this(out, RANDOM::nextInt);
    }

    /** @param keys supplies the masking keys */
    FrameWriter(OutputStream out, IntSupplier keys) {
        this.out = out;
        this.keys = keys;
    }

    /** Writes the bytes as one binary message for each 64 KiB; no message for no bytes. */
    void binary(byte[] source, int offset, int length) throws IOException {
        for (int done = 0; done < length; done += LONGEST_FRAME) {
            frame(Opcode.BINARY, source, offset + done, Math.min(LONGEST_FRAME, length - done));
        }
    }

    /** Writes a text message of ASCII characters, at most 125. */
    void text(String message) throws IOException {
        byte[] ascii = message.getBytes(StandardCharsets.US_ASCII);
        frame(Opcode.TEXT, ascii, 0, ascii.length);
    }

    /** Writes a ping; at most 125 bytes of payload. */
    void ping(byte[] payload) throws IOException {
        frame(Opcode.PING, payload, 0, payload.length);
    }

    /** Writes a pong with a ping's payload. */
    void pong(byte[] payload) throws IOException {
        frame(Opcode.PONG, payload, 0, payload.length);
    }

    /** Writes a close frame with a code and no text. */
    void close(int code) throws IOException {
        frame(Opcode.CLOSE, new byte[] {(byte) (code >> 8), (byte) code}, 0, 2);
    }

    private void frame(int opcode, byte[] source, int offset, int length) throws IOException {
        if (buffer.length < LONGEST_HEADER + length) {
            buffer = new byte[LONGEST_HEADER + Math.min(LONGEST_FRAME, Math.max(length, 2 * buffer.length))];
        }
        int at = 0;
        buffer[at++] = (byte) (0x80 | opcode);
        if (length <= 125) {
            buffer[at++] = (byte) (0x80 | length);
        } else if (length <= 0xffff) {
            buffer[at++] = (byte) (0x80 | 126);
            buffer[at++] = (byte) (length >> 8);
            buffer[at++] = (byte) length;
        } else {
            buffer[at++] = (byte) (0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                buffer[at++] = (byte) ((long) length >> shift);
            }
        }
        int key = keys.getAsInt();
        for (int shift = 0; shift < 32; shift += 8) {
            buffer[at++] = (byte) (key >> shift);
        }
        Masking.copy(source, offset, buffer, at, length, key);
        out.write(buffer, 0, at + length);
        out.flush();
    }
}

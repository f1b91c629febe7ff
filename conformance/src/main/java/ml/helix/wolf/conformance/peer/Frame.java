package ml.helix.wolf.conformance.peer;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One WebSocket frame (RFC 6455, section 5.2). It isn't validated, because tests send malformed frames too. Immutable
 * unless somebody writes to {@link #payload}.
 *
 * @param first the first byte: FIN, three reserved bits, the opcode
 * @param masked whether it was masked when received, or is masked when sent
 */
public record Frame(int first, boolean masked, byte[] payload) {
    public static final int CONTINUATION = 0;
    public static final int TEXT = 1;
    public static final int BINARY = 2;
    public static final int CLOSE = 8;
    public static final int PING = 9;
    public static final int PONG = 10;

    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;

    /** A whole message, or a control frame, unmasked. */
    public static Frame of(int opcode, byte[] payload) {
        return new Frame(FIN | opcode, false, payload);
    }

    /** A fragment that is not the last, unmasked. */
    public static Frame unfinished(int opcode, byte[] payload) {
        return new Frame(opcode, false, payload);
    }

    /** A close frame with a status code and a reason, unmasked. */
    public static Frame close(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >>> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return of(CLOSE, payload);
    }

    /** Only the header of a masked frame whose length field has eight bytes; the payload may be left out. */
    public static byte[] announcing(int opcode, long length) {
        return ByteBuffer.allocate(14)
                .put((byte) (FIN | opcode))
                .put((byte) (MASKED | 127))
                .putLong(length)
                .putInt(0x01020304)
                .array();
    }

    /** This frame, masked or unmasked. */
    public Frame masked(boolean wanted) {
        return new Frame(first, wanted, payload);
    }

    public int opcode() {
        return first & 0x0f;
    }

    public boolean fin() {
        return (first & FIN) != 0;
    }

    /** The status code of a close frame; 1005 if it has none. */
    public int closeCode() {
        return payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
    }

    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** The bytes on the wire, with the shortest length field. The masking key depends on the length only. */
    public byte[] bytes() {
        var bytes = new ByteArrayOutputStream(payload.length + 14);
        try (var out = new DataOutputStream(bytes)) {
            int flag = masked ? MASKED : 0;
            out.writeByte(first);
            if (payload.length < 126) {
                out.writeByte(flag | payload.length);
            } else if (payload.length < 65_536) {
                out.writeByte(flag | 126);
                out.writeShort(payload.length);
            } else {
                out.writeByte(flag | 127);
                out.writeLong(payload.length);
            }
            if (masked) {
                int key = 0x9e3779b9 * (payload.length + 1);
                out.writeInt(key);
                byte[] hidden = payload.clone();
                mask(hidden, key);
                out.write(hidden);
            } else {
                out.write(payload);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads the next frame and unmasks its payload.
     *
     * @throws java.io.EOFException if the stream ends before the end of the frame
     */
    static Frame read(InputStream from) throws IOException {
        var in = new DataInputStream(from);
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        long length =
                switch (second & 0x7f) {
                    case 126 -> in.readUnsignedShort();
                    case 127 -> in.readLong();
                    default -> second & 0x7f;
                };
        boolean masked = (second & MASKED) != 0;
        int key = masked ? in.readInt() : 0;
        byte[] payload = new byte[Math.toIntExact(length)];
        in.readFully(payload);
        if (masked) {
            mask(payload, key);
        }
        return new Frame(first, masked, payload);
    }

    /** Masks or unmasks in place, four bytes a step: the tests' JVM compiles little, and gigabytes come this way. */
    private static void mask(byte[] payload, int key) {
        byte key0 = (byte) (key >>> 24);
        byte key1 = (byte) (key >>> 16);
        byte key2 = (byte) (key >>> 8);
        byte key3 = (byte) key;
        int whole = payload.length & ~3;
        for (int i = 0; i < whole; i += 4) {
            payload[i] ^= key0;
            payload[i + 1] ^= key1;
            payload[i + 2] ^= key2;
            payload[i + 3] ^= key3;
        }
        for (int i = whole; i < payload.length; i++) {
            payload[i] ^= (byte) (key >>> (24 - 8 * (i - whole)));
        }
    }

    @Override
    public String toString() {
        return "Frame[opcode " + opcode() + (fin() ? "" : ", unfinished") + ", " + payload.length + " bytes]";
    }
}

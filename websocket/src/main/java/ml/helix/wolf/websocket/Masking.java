package ml.helix.wolf.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The masking of a client's frames: XOR with a key (RFC 6455, section 5.3), eight bytes at a time. The key's lowest byte is the first
 * on the wire.
 */
final class Masking {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_OF_BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Masking() {}

    /** Copies {@code length} bytes, masked. */
    static void copy(byte[] source, int from, byte[] target, int to, int length, int key) {
        long twice = twice(key);
        int whole = length & ~7;
        for (int i = 0; i < whole; i += 8) {
            LONG.set(target, to + i, (long) LONG.get(source, from + i) ^ twice);
        }
        for (int i = whole; i < length; i++) {
            target[to + i] = (byte) (source[from + i] ^ key >> 8 * (i & 3));
        }
    }

    /** Masks what remains of a buffer in place. Its position stays. */
    static void apply(ByteBuffer buffer, int key) {
        int from = buffer.position();
        int length = buffer.remaining();
        if (buffer.hasArray()) {
            int start = buffer.arrayOffset() + from;
            copy(buffer.array(), start, buffer.array(), start, length, key);
            return;
        }
        long twice = twice(key);
        int whole = length & ~7;
        for (int i = 0; i < whole; i += 8) {
            LONG_OF_BUFFER.set(buffer, from + i, (long) LONG_OF_BUFFER.get(buffer, from + i) ^ twice);
        }
        for (int i = whole; i < length; i++) {
            buffer.put(from + i, (byte) (buffer.get(from + i) ^ key >> 8 * (i & 3)));
        }
    }

    /** The key for what follows {@code length} bytes. */
    static int after(int length, int key) {
        return Integer.rotateRight(key, 8 * (length & 3));
    }

    private static long twice(int key) {
        return key & 0xffff_ffffL | (long) key << 32;
    }
}

package ml.helix.wolf.agent.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The masking of a client's frames: XOR with a key (RFC 6455, section 5.3), eight bytes at a time. */
final class Masking {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Masking() {}

    /** Copies {@code length} bytes, masked. The key's lowest byte is the first on the wire. */
    static void copy(byte[] source, int from, byte[] target, int to, int length, int key) {
        long twice = key & 0xffff_ffffL | (long) key << 32;
        int whole = length & ~7;
        for (int i = 0; i < whole; i += 8) {
            LONG.set(target, to + i, (long) LONG.get(source, from + i) ^ twice);
        }
        for (int i = whole; i < length; i++) {
            target[to + i] = (byte) (source[from + i] ^ key >> 8 * (i & 3));
        }
    }
}

package ml.helix.wolf.websocket;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * The masking keys of one writer. It takes {@value #AT_ONCE} of them at once: a {@link java.security.SecureRandom} has one lock, and a
 * virtual thread that waits for a lock waits behind all others that can run. Not thread-safe.
 */
final class MaskingKeys implements IntSupplier {
    static final int AT_ONCE = 32;

    private final Consumer<byte[]> random;
    private final ByteBuffer keys = ByteBuffer.allocate(AT_ONCE * Integer.BYTES).limit(0);

    /** @param random fills an array with unpredictable bytes */
    MaskingKeys(Consumer<byte[]> random) {
        this.random = random;
    }

    @Override
    public int getAsInt() {
        if (!keys.hasRemaining()) {
            random.accept(keys.array());
            keys.clear();
        }
        return keys.getInt();
    }
}

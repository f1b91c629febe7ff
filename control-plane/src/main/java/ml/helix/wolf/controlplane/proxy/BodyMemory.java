package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Limits the memory of all buffered request bodies together, in blocks of {@link #BLOCK} bytes. Nobody waits for a block: a
 * body that gets none is refused. Thread-safe.
 */
final class BodyMemory {
    static final int BLOCK = 8 * 1024;

    private final Semaphore free;

    /** @param bytes rounded down to whole blocks */
    BodyMemory(long bytes) {
        free = new Semaphore((int) Math.min(Integer.MAX_VALUE, bytes / BLOCK));
    }

    /** A quarter of the heap. */
    static BodyMemory ofHeap() {
        return new BodyMemory(Runtime.getRuntime().maxMemory() / 4);
    }

    byte[] acquire() throws ExhaustedException {
        if (!free.tryAcquire()) {
            throw new ExhaustedException();
        }
        return new byte[BLOCK];
    }

    /** @param block from {@link #acquire}, no longer used */
    void release(byte[] block) {
        free.release(block.length / BLOCK);
    }

    /** Other bodies hold all the memory. */
    static final class ExhaustedException extends IOException {
        private static final long serialVersionUID = 1;
    }
}

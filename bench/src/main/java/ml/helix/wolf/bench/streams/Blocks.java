package ml.helix.wolf.bench.streams;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The bytes of every bulk transfer: numbered blocks of noise. The receiver compares each byte, so a byte that is lost, doubled, swapped
 * or changed is noticed. The last block says that it is the last, so a stream that was cut is noticed too.
 */
final class Blocks {
    /** The largest. */
    static final int LARGEST = 128 * 1024;

    private static final byte[] NOISE = new byte[LARGEST];

    static {
        new SplittableRandom(1).nextBytes(NOISE);
    }

    private Blocks() {}

    /** Sends blocks for that time, at least one; returns how many bytes they were. */
    static long send(OutputStream out, Duration time, int size) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        ByteBuffer block = ByteBuffer.wrap(Arrays.copyOf(NOISE, size));
        boolean last = false;
        long number = 0;
        while (!last) {
            last = System.nanoTime() >= end;
            block.putLong(0, last ? ~number : number);
            out.write(block.array());
            number++;
        }
        return number * size;
    }

    /**
     * Reads up to the end of the last block; returns how many bytes they were.
     *
     * @throws EOFException if the stream ends earlier
     * @throws CorruptionException if a byte is not the one that was sent
     */
    static long receive(InputStream in, int size) throws IOException {
        byte[] block = new byte[size];
        for (long number = 0; ; number++) {
            if (in.readNBytes(block, 0, size) < size) {
                throw new EOFException("the stream ended in block " + number);
            }
            long found = ByteBuffer.wrap(block).getLong(0);
            boolean last = found == ~number;
            if (found != number && !last || !Arrays.equals(block, Long.BYTES, size, NOISE, Long.BYTES, size)) {
                throw new CorruptionException("block " + number + " is not what was sent");
            }
            if (last) {
                return (number + 1) * size;
            }
        }
    }
}

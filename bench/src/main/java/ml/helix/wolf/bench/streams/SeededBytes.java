package ml.helix.wolf.bench.streams;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/** The bytes that every bulk transfer sends. No two blocks are equal, so a lost, doubled or swapped block is noticed. */
final class SeededBytes {
    private static final int BLOCK = 64 * 1024;

    private SeededBytes() {}

    /** Sends that many bytes and returns their SHA-256 in hex. */
    static String send(OutputStream out, long bytes) throws IOException {
        MessageDigest digest = sha256();
        byte[] block = new byte[BLOCK];
        new SplittableRandom(1).nextBytes(block);
        long number = 0;
        for (long left = bytes; left > 0; number++) {
            for (int i = 0; i < Long.BYTES; i++) {
                block[i] = (byte) (number >>> (8 * i));
            }
            int length = (int) Math.min(left, block.length);
            digest.update(block, 0, length);
            out.write(block, 0, length);
            left -= length;
        }
        out.flush();
        return HexFormat.of().formatHex(digest.digest());
    }

    static String sha256Of(long bytes) throws IOException {
        return send(OutputStream.nullOutputStream(), bytes);
    }

    /**
     * Reads that many bytes and returns their SHA-256 in hex.
     *
     * @throws EOFException if the stream ends earlier
     */
    static String receive(InputStream in, long bytes) throws IOException {
        MessageDigest digest = sha256();
        byte[] block = new byte[BLOCK];
        for (long left = bytes; left > 0; ) {
            int read = in.read(block, 0, (int) Math.min(left, block.length));
            if (read < 0) {
                throw new EOFException(left + " bytes are missing");
            }
            digest.update(block, 0, read);
            left -= read;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

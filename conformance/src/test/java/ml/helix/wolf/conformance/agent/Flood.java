package ml.helix.wolf.conformance.agent;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import ml.helix.wolf.conformance.peer.Connection;

/** Sends more and more bytes until the other side closes the connection. */
public final class Flood {
    /** By then the other side must have closed: far more than socket buffers and its limits hold, far less than its memory. */
    public static final long LIMIT = 16L << 20;

    private static final long ENOUGH = 4 * LIMIT;

    private Flood() {}

    /** Sends these bytes again and again while it reads; returns the code of the close frame. */
    public static Optional<Integer> closeCode(Connection connection, byte[] piece) throws IOException {
        Thread sender = Thread.ofVirtual().start(() -> bytesUntilClosed(connection, piece));
        try {
            return connection.end().closeCode();
        } finally {
            connection.close();
            join(sender);
        }
    }

    private static void join(Thread sender) throws IOException {
        try {
            sender.join();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    /** Sends these bytes again and again; returns how many were written before the connection was closed. */
    public static long bytesUntilClosed(Connection connection, byte[] piece) {
        long written = 0;
        while (written < ENOUGH) {
            try {
                connection.raw(piece);
            } catch (IOException e) {
                return written;
            }
            written += piece.length;
        }
        return written;
    }
}

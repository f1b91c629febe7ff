package ml.helix.wolf.conformance.agent;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import ml.helix.wolf.conformance.peer.Connection;

/** Sends without end, to see where the other side has had enough. */
public final class Flood {
    /** What two sockets' buffers may hold and the agent's own limits, many times over; nothing to a memory. */
    public static final long LIMIT = 16L << 20;

    private static final long ENOUGH = 4 * LIMIT;

    private Flood() {}

    /** The close code of a connection that is sent more and more of these bytes while it is read. */
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

    /** How many bytes went out before the connection was gone. */
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

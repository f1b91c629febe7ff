package ml.helix.wolf.conformance.agent;

import java.io.IOException;
import ml.helix.wolf.conformance.peer.Connection;

/** Sends without end, to see where the other side has had enough. */
public final class Flood {
    /** What two sockets' buffers may hold and the agent's own limits, many times over; nothing to a memory. */
    public static final long SOON = 16L << 20;

    private static final long ENOUGH = 4 * SOON;

    private Flood() {}

    /** How many bytes went out before the connection was gone. */
    public static long until(Connection connection, byte[] piece) {
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

package ml.helix.wolf.controlplane.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A peer's connection that has left HTTP and Jetty's selector: threads read and write it, and block. One thread reads and one writes at
 * a time; {@link #close} may come from any.
 */
public interface PeerChannel extends Closeable {
    /**
     * Waits for bytes.
     *
     * @param target has room
     * @return how many came, at least 1; -1 at the end
     * @throws IOException if the peer has reset the connection, or after {@link #close}
     */
    int read(ByteBuffer target) throws IOException;

    /** Writes all that remains of the parts, with one system call if the socket has room. */
    void write(ByteBuffer... parts) throws IOException;

    /** Ends the output. Call while no write runs; none may follow. */
    void shutdownOutput() throws IOException;

    /** Closes the connection at once. Ends a blocked read or write. Idempotent, never fails. */
    @Override
    void close();
}

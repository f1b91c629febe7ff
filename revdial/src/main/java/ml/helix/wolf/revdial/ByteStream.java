package ml.helix.wolf.revdial;

import java.io.Closeable;
import java.io.IOException;

/**
 * A two-way stream of bytes: a tunnelled connection, a socket to Wolf, a caller's connection.
 *
 * <p>Blocking. At most one thread reads and one thread writes at a time; {@link #close} may come from any thread, any
 * number of times, and ends a blocked read or write, within a few seconds where the peer must be given the last bytes.
 */
public interface ByteStream extends Closeable {

    /**
     * Waits for bytes.
     *
     * @return how many bytes were put into {@code buffer}, at least 1; -1 once the peer has ended the stream in order
     * @throws IOException where the stream broke: a reset, a protocol error, {@link #close}
     */
    int read(byte[] buffer, int offset, int length) throws IOException;

    /**
     * Writes all the bytes. Returns when the transport has taken them, and so waits while the peer doesn't read: that
     * wait is the back-pressure, nothing is queued.
     *
     * @throws IOException where the stream broke or was closed; how much was written is then unknown. What the peer had
     *     sent before can still be read.
     */
    void write(byte[] buffer, int offset, int length) throws IOException;

    /**
     * Ends both directions. What a returned {@link #write} took is still delivered to a peer that reads. Never fails,
     * and never waits for the peer: what is left to do goes on in the background.
     */
    @Override
    void close();

    /**
     * Waits, after {@link #close}, until nothing is left of the stream: no thread, no descriptor. Returns at once where
     * the implementation knows no such wait.
     *
     * @throws InterruptedException where the caller is interrupted; the stream goes on closing
     */
    default void awaitClosed() throws InterruptedException {}
}

package ml.helix.wolf.revdial;

import java.io.Closeable;
import java.io.IOException;

/**
 * A two-way stream of bytes: a tunnelled connection, a socket to Wolf, a caller's connection.
 *
 * <p>Blocking. At most one thread reads and one thread writes at a time; {@link #close} may come from any thread, any
 * number of times. It ends a blocked read or write, within a few seconds if the peer must still get the last bytes.
 */
public interface ByteStream extends Closeable {

    /**
     * Waits for bytes.
     *
     * @return how many bytes are in {@code buffer} now, at least 1; -1 if the peer has ended the stream in order
     * @throws IOException if the stream broke: a reset, a protocol error, {@link #close}
     */
    int read(byte[] buffer, int offset, int length) throws IOException;

    /**
     * Writes all the bytes. Returns when the transport has taken them, so it waits while the peer doesn't read. That wait
     * is the back-pressure: nothing is queued.
     *
     * @throws EndedStreamException if nothing was written, because the stream had ended; not every stream tells this apart
     * @throws IOException if the stream broke or was closed. How much was written is unknown then; what the peer sent
     *     before can still be read
     */
    void write(byte[] buffer, int offset, int length) throws IOException;

    /**
     * Ends both directions. A peer that reads still gets everything that a finished {@link #write} has taken. Never
     * fails and never waits for the peer: the rest is done in the background.
     */
    @Override
    void close();

    /**
     * Waits, after {@link #close}, until the stream has no thread and no file descriptor any more. Returns at once if the
     * implementation has nothing to wait for.
     *
     * @throws InterruptedException if the caller is interrupted; the stream goes on closing
     */
    default void awaitClosed() throws InterruptedException {}

    /**
     * Has a stream that nobody reads yet say when the first byte or its end has come.
     *
     * @param touched called once, on any thread; must not block
     * @return false if this stream can't tell: only a read does
     */
    default boolean watch(Runnable touched) {
        return false;
    }

    /** What the log lines about it carry from now on. Does nothing if it logs none. */
    default void logAs(StreamLog about) {}
}

package ml.helix.wolf.controlplane.dialing;

import java.io.IOException;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.IdleStream;
import ml.helix.wolf.revdial.StreamLog;

/**
 * A data connection that was picked up ahead of need. Its end is noticed while nobody uses it. Once it was begun, it is the
 * stream of a dial.
 */
final class IdleConnection implements ByteStream {
    private final String id;
    private final ByteStream stream;
    private final ReadAhead ahead;

    /**
     * @param id of the dial that picked it up
     * @param ended called at most once, by {@link #watch}, if the agent or its Wolf has closed it before anyone reads
     */
    IdleConnection(String id, ByteStream stream, Consumer<IdleConnection> ended) {
        this.id = id;
        this.stream = stream;
        this.ahead = new ReadAhead(stream::read, failure -> ended.accept(this));
    }

    String id() {
        return id;
    }

    @Override
    public void logAs(StreamLog about) {
        stream.logAs(about);
    }

    /** Waits for its end, or until somebody reads. Must be called: reading waits for it. */
    void watch() {
        ahead.run();
    }

    /** Whether neither an end nor a byte has come. Wolf says nothing before its request, so what it said is no response. */
    boolean isFresh() {
        return ahead.isUntouched();
    }

    /** From now on it counts as running. Returns false if it can't be used. */
    boolean begin() {
        return isFresh() && (!(stream instanceof IdleStream idle) || idle.begin());
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return ahead.read(buffer, offset, length);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        stream.write(buffer, offset, length);
    }

    @Override
    public void close() {
        stream.close();
    }

    @Override
    public void awaitClosed() throws InterruptedException {
        stream.awaitClosed();
    }
}

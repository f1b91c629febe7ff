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
    private final Consumer<IdleConnection> ended;
    /** Whether the stream tells by itself that it was touched, so that no thread has to read it. */
    private volatile boolean watched;

    private volatile boolean touched;
    private volatile boolean begun;

    /**
     * @param id of the dial that picked it up
     * @param ended called at most once, if the agent or its Wolf has closed it before it was begun; or if bytes have come
     */
    IdleConnection(String id, ByteStream stream, Consumer<IdleConnection> ended) {
        this.id = id;
        this.stream = stream;
        this.ended = ended;
        this.ahead = new ReadAhead(stream::read, failure -> ended.accept(this));
    }

    String id() {
        return id;
    }

    @Override
    public void logAs(StreamLog about) {
        stream.logAs(about);
    }

    /** Must be called before it is used. May take a thread, until somebody reads. */
    void watch() {
        watched = stream.watch(this::touched);
        if (!watched) {
            Thread.ofVirtual().name("read-ahead").start(ahead::run);
        }
    }

    private void touched() {
        touched = true;
        if (!begun) {
            ended.accept(this);
        }
    }

    /** Whether neither an end nor a byte has come. Wolf says nothing before its request, so what it said is no response. */
    boolean isFresh() {
        return !touched && ahead.isUntouched();
    }

    /** From now on it counts as running. Returns false if it can't be used. */
    boolean begin() {
        begun = true;
        return isFresh() && (!(stream instanceof IdleStream idle) || idle.begin());
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return watched ? stream.read(buffer, offset, length) : ahead.read(buffer, offset, length);
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

package ml.helix.wolf.revdial;

import java.io.IOException;

/**
 * The stream of a dial ahead of need. It is idle until {@link #begin}: it doesn't count as running, and it is closed when its
 * control connection is displaced or lost, or when its agent stops. As thread-safe as what it wraps.
 */
public final class IdleStream implements ByteStream {
    private final Dials dials;
    private final ByteStream stream;
    final Dialer dialer;
    /** Guarded by the manager's lock. */
    State state = State.IDLE;

    enum State {
        IDLE,
        RUNNING,
        CLOSED
    }

    IdleStream(Dials dials, Dialer dialer, ByteStream stream) {
        this.dials = dials;
        this.dialer = dialer;
        this.stream = stream;
    }

    /**
     * Call before the first use.
     *
     * @return whether it counts as running from now on; false if it was closed
     */
    public boolean begin() {
        return dials.begin(this);
    }

    /** Whose agent is at its other end. */
    public String runnerId() {
        return dialer.runnerId();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return stream.read(buffer, offset, length);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        stream.write(buffer, offset, length);
    }

    @Override
    public void close() {
        stream.close();
        dials.closed(this);
    }

    @Override
    public void awaitClosed() throws InterruptedException {
        stream.awaitClosed();
    }

    @Override
    public boolean watch(Runnable touched) {
        return stream.watch(touched);
    }

    @Override
    public void logAs(StreamLog about) {
        stream.logAs(about);
    }
}

package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A stream that says once that it was closed. A subclass may watch the bytes as well. As thread-safe as what it wraps. */
public class WatchedStream implements ByteStream {
    private final ByteStream stream;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param onClose runs after the first {@link #close}, on its thread */
    public WatchedStream(ByteStream stream, Runnable onClose) {
        this.stream = stream;
        this.onClose = onClose;
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
    public final void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                stream.close();
            } finally {
                onClose.run();
            }
        }
    }

    @Override
    public final void awaitClosed() throws InterruptedException {
        stream.awaitClosed();
    }

    @Override
    public void logAs(StreamLog about) {
        stream.logAs(about);
    }
}

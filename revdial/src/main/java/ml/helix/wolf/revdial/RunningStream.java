package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A data connection in a caller's hands. Tells once when it is closed. */
final class RunningStream implements ByteStream {
    private final ByteStream stream;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    RunningStream(ByteStream stream, Runnable onClose) {
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                stream.close();
            } finally {
                onClose.run();
            }
        }
    }
}

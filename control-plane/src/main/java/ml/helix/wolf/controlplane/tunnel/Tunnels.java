package ml.helix.wolf.controlplane.tunnel;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialException;

/** Where streams to Wolfs come from. Thread safe. */
public final class Tunnels {
    private final ConnectionManager connections;
    private final TunnelMetrics metrics;

    public Tunnels(ConnectionManager connections, TunnelMetrics metrics) {
        this.connections = connections;
        this.metrics = metrics;
    }

    /**
     * Opens a stream to the local API of that id's agent. The caller closes it.
     *
     * @throws DialException as {@link ConnectionManager#dial} has it
     * @throws InterruptedException where the caller gave up
     */
    public ByteStream dial(String runnerId) throws DialException, InterruptedException {
        long start = System.nanoTime();
        try {
            ByteStream stream = connections.dial(runnerId);
            metrics.dialled(Duration.ofNanos(System.nanoTime() - start));
            return new Counted(stream);
        } catch (DialException e) {
            metrics.failed(e.failure().code());
            throw e;
        }
    }

    private final class Counted implements ByteStream {
        private final ByteStream stream;
        private final AtomicBoolean closed = new AtomicBoolean();

        Counted(ByteStream stream) {
            this.stream = stream;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = stream.read(buffer, offset, length);
            if (read > 0) {
                metrics.fromWolf(read);
            }
            return read;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            stream.write(buffer, offset, length);
            metrics.toWolf(length);
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                try {
                    stream.close();
                } finally {
                    metrics.ended();
                }
            }
        }
    }
}

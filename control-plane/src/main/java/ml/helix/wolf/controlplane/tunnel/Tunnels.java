package ml.helix.wolf.controlplane.tunnel;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.PendingDial;

/** Where streams to Wolfs come from. Thread safe. */
public final class Tunnels {
    private final ConnectionManager connections;
    private final TunnelMetrics metrics;

    public Tunnels(ConnectionManager connections, TunnelMetrics metrics) {
        this.connections = connections;
        this.metrics = metrics;
    }

    /** Begins a dial to the local API of that id's agent, and returns at once. */
    public Dial begin(String runnerId) {
        return new Dial(connections.startDial(runnerId), System.nanoTime());
    }

    /** A dial that has begun. Thread safe. */
    public final class Dial {
        private final PendingDial pending;
        private final long start;

        private Dial(PendingDial pending, long start) {
            this.pending = pending;
            this.start = start;
        }

        /**
         * Waits for the stream; the caller closes it. To be called once.
         *
         * @throws DialException as {@link PendingDial#await} has it
         * @throws InterruptedException where the waiting thread was interrupted; the dial is withdrawn then
         */
        public ByteStream await() throws DialException, InterruptedException {
            try {
                ByteStream stream = pending.await();
                metrics.dialled(Duration.ofNanos(System.nanoTime() - start));
                return new Counted(stream);
            } catch (DialException e) {
                metrics.failed(e.failure().code());
                throw e;
            } catch (InterruptedException e) {
                withdraw();
                throw e;
            }
        }

        /** Whether {@link #await} need not wait. */
        public boolean isSettled() {
            return pending.isSettled();
        }

        /**
         * For a caller that has gone: gives up the dial's place, or cuts the stream that it led to. {@link #await} fails
         * with {@code Withdrawn} where it still waits. Idempotent.
         */
        public void withdraw() {
            connections.withdraw(pending);
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

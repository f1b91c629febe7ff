package ml.helix.wolf.controlplane.dialing;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.WatchedStream;

/**
 * Counts and times the dials of another {@link Dialing}, and counts the bytes of their streams: in all as metrics, by runner
 * as {@link Traffic}. Thread safe.
 *
 * @param nanoTime measures dials
 */
public record MeteredDialing(Dialing dialing, DialMetrics metrics, Traffic traffic, LongSupplier nanoTime)
        implements Dialing {

    @Override
    public Dial dial(String runnerId) {
        long start = nanoTime.getAsLong();
        return new MeteredDial(runnerId, dialing.dial(runnerId), start);
    }

    @Override
    public Dial dialFresh(String runnerId) {
        long start = nanoTime.getAsLong();
        return new MeteredDial(runnerId, dialing.dialFresh(runnerId), start);
    }

    private final class MeteredDial extends WrappedDial {
        private final String runnerId;
        private final long start;

        MeteredDial(String runnerId, Dial dial, long start) {
            super(dial);
            this.runnerId = runnerId;
            this.start = start;
        }

        @Override
        public ByteStream await() throws DialException, InterruptedException {
            try {
                ByteStream stream = super.await();
                metrics.succeeded(Duration.ofNanos(nanoTime.getAsLong() - start));
                return new MeteredStream(stream, runnerId, traffic.opened(runnerId));
            } catch (DialException e) {
                metrics.failed(e.failure().code());
                throw e;
            }
        }
    }

    private final class MeteredStream extends WatchedStream {
        private final LongAdder bytes;

        MeteredStream(ByteStream stream, String runnerId, LongAdder bytes) {
            super(stream, () -> {
                metrics.streamClosed();
                traffic.closed(runnerId);
            });
            this.bytes = bytes;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            if (read > 0) {
                metrics.fromWolf(read);
                bytes.add(read);
            }
            return read;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            super.write(buffer, offset, length);
            metrics.toWolf(length);
            bytes.add(length);
        }
    }
}

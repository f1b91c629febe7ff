package ml.helix.wolf.controlplane.dialing;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Stats;
import org.junit.jupiter.api.Test;

class TrafficTest {
    private final Traffic traffic = new Traffic();

    @Test
    void bytesAndOpenStreamsAreCountedForEachRunner() throws Exception {
        var dialing = new MeteredDialing(
                id -> settled(new Endless()),
                new DialMetrics(new PrometheusRegistry(), () -> new Stats(0, 0, 0, 0)),
                traffic,
                System::nanoTime);
        ByteStream first = dialing.dial("wolf-1").await();
        ByteStream second = dialing.dial("wolf-1").await();
        ByteStream other = dialing.dial("wolf-2").await();

        first.write(new byte[10], 0, 10);
        second.read(new byte[5], 0, 5);
        other.read(new byte[1], 0, 1);
        first.close();
        first.close();

        assertThat(traffic.bytes("wolf-1")).isEqualTo(15);
        assertThat(traffic.openStreams("wolf-1")).isEqualTo(1);
        assertThat(traffic.bytes("wolf-2")).isEqualTo(1);
        assertThat(traffic.bytes("wolf-3")).isZero();
        assertThat(traffic.openStreams("wolf-3")).isZero();
    }

    @Test
    void runnersWithoutAStreamAreForgottenOnceTheyAreMany() {
        traffic.opened("wolf-open").add(1);
        for (int i = 0; i < Traffic.REMEMBERED; i++) {
            traffic.opened("wolf-" + i).add(1);
            traffic.closed("wolf-" + i);
        }

        assertThat(traffic.bytes("wolf-0")).isZero();
        assertThat(traffic.bytes("wolf-open")).isEqualTo(1);
        traffic.closed("wolf-open");
        assertThat(traffic.openStreams("wolf-open")).isZero();
    }

    private static Dial settled(ByteStream stream) {
        return new Dial() {
            @Override
            public ByteStream await() {
                return stream;
            }

            @Override
            public boolean isSettled() {
                return true;
            }

            @Override
            public void withdraw() {}
        };
    }

    /** Takes and gives any number of bytes. */
    private static final class Endless implements ByteStream {
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return length;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {}

        @Override
        public void close() {}

        @Override
        public void awaitClosed() {}
    }
}

package ml.helix.wolf.agent.data;

import java.io.IOException;
import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Pickup;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.WatchedStream;

/** A data connection and a connection to Wolf, spliced. Counts as a running stream from its construction on. */
final class WolfSplice implements Pickup.PreparedSplice {
    private final WebSocketStream data;
    private final ByteStream wolf;
    private final Streams streams;
    private final StreamMetrics metrics;
    private final Runnable cutter = this::cut;

    WolfSplice(WebSocketStream data, ByteStream wolf, Streams streams, StreamMetrics metrics) {
        this.data = data;
        this.wolf = wolf;
        this.streams = streams;
        this.metrics = metrics;
        streams.register(cutter);
    }

    @Override
    public void run() {
        boolean broken = true;
        try {
            broken = new Splice(new LabelledStream(data), source(), metrics::toWolf, metrics::fromWolf)
                            .run()
                            .error()
                    != null;
            data.awaitClosed(); // the stream counts until its last descriptor is closed
            wolf.awaitClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended(broken);
        }
    }

    @Override
    public void close() {
        data.close();
        wolf.close();
        ended(true);
    }

    private void ended(boolean broken) {
        streams.unregister(cutter);
        streams.release();
        metrics.ended(broken);
    }

    private void cut() {
        data.cut();
        wolf.close();
    }

    /** The connection to Wolf. If a read from it breaks, the data connection says so when it closes. */
    private ByteStream source() {
        return new WatchedStream(wolf, () -> {}) {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                try {
                    return super.read(buffer, offset, length);
                } catch (IOException e) {
                    data.sourceBroke();
                    throw e;
                }
            }
        };
    }
}

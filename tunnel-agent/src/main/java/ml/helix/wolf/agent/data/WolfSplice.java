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
    private final ByteStream caller;
    private final ByteStream wolf;
    private final Streams streams;
    private final StreamMetrics metrics;
    private final Runnable cutter = this::cut;

    /** @param caller reads from {@code data} what may reach Wolf */
    WolfSplice(WebSocketStream data, ByteStream caller, ByteStream wolf, Streams streams, StreamMetrics metrics) {
        this.data = data;
        this.caller = caller;
        this.wolf = wolf;
        this.streams = streams;
        this.metrics = metrics;
        streams.register(cutter);
    }

    @Override
    public void run() {
        var result = StreamMetrics.Result.BROKEN;
        try {
            Splice.End end = new Splice(caller, source(), metrics::toWolf, metrics::fromWolf).run();
            if (CheckedCaller.refused(caller)) {
                result = StreamMetrics.Result.NOT_ALLOWED;
            } else if (end.error() == null) {
                result = StreamMetrics.Result.SUCCESS;
            }
            data.awaitClosed(); // the stream counts until its last descriptor is closed
            wolf.awaitClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended(result);
        }
    }

    @Override
    public void close() {
        data.close();
        wolf.close();
        ended(StreamMetrics.Result.BROKEN);
    }

    private void ended(StreamMetrics.Result result) {
        streams.unregister(cutter);
        streams.release();
        metrics.ended(result);
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

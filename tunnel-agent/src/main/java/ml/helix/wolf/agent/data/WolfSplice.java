package ml.helix.wolf.agent.data;

import java.io.IOException;
import java.util.Optional;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.data.StreamMetrics.Result;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Pickup;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.WatchedStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data connection and a connection to Wolf, spliced; and then, if the data connection can carry another stream, it and another
 * connection to Wolf. Counts as a running stream from its construction on.
 */
final class WolfSplice implements Pickup.PreparedSplice {
    private static final Logger LOG = LoggerFactory.getLogger(WolfSplice.class);

    private final WebSocketStream data;
    private final Optional<AllowList> allowed;
    private final Wolf local;
    private final Streams streams;
    private final StreamMetrics metrics;
    private final Runnable cutter = this::cut;
    private volatile ByteStream wolf;
    /** Whether the present stream is in use, so that it counts. Belongs to the thread that runs it. */
    private boolean inUse;

    /** @param wolf a connection to {@code local} */
    WolfSplice(
            WebSocketStream data,
            Optional<AllowList> allowed,
            Wolf local,
            ByteStream wolf,
            Streams streams,
            StreamMetrics metrics) {
        this.data = data;
        this.allowed = allowed;
        this.local = local;
        this.wolf = wolf;
        this.streams = streams;
        this.metrics = metrics;
        streams.register(cutter);
    }

    @Override
    public void run() {
        var result = Result.BROKEN;
        try {
            result = splice();
            while (dialAgain(result)) {
                result = Result.BROKEN;
                data.ready();
                result = splice();
            }
            data.close();
            data.awaitClosed(); // the stream counts until its last descriptor is closed
            wolf.awaitClosed();
        } catch (IOException e) { // the data connection
            close(wolf);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended(result);
        }
    }

    private void close(ByteStream toWolf) {
        data.close();
        toWolf.close();
    }

    @Override
    public void close() {
        close(wolf);
        ended(Result.BROKEN);
    }

    private void begins() {
        inUse = true;
        metrics.began();
    }

    /** A data connection that was picked up ahead of need and never begun is no stream. */
    private void streamEnded(Result result) {
        if (inUse) {
            inUse = false;
            metrics.ended(result);
        }
    }

    private Result splice() {
        ByteStream caller = CheckedCaller.of(new LabelledStream(data.stream(this::begins)), allowed);
        Splice.End end = new Splice(caller, source(wolf), metrics::toWolf, metrics::fromWolf).run();
        if (CheckedCaller.refused(caller)) {
            return Result.NOT_ALLOWED;
        }
        return end.error() == null ? Result.SUCCESS : Result.BROKEN;
    }

    /** Returns whether there is a new connection to Wolf for another stream of the data connection. */
    private boolean dialAgain(Result before) throws InterruptedException {
        if (!data.awaitStreamEnd()) {
            return false;
        }
        wolf.awaitClosed();
        if (streams.isDraining()) {
            return false;
        }
        try {
            wolf = local.dial();
            streamEnded(before);
            streams.closeIfCut(cutter);
            return true;
        } catch (WolfUnreachableException e) {
            LOG.debug("A data connection is not offered again: {}", e.getMessage());
            return false;
        }
    }

    private void ended(Result result) {
        streams.unregister(cutter);
        streams.release();
        streamEnded(result);
    }

    private void cut() {
        data.cut();
        wolf.close();
    }

    /** The connection to Wolf. If a read from it breaks, the data connection says so when it closes. */
    private ByteStream source(ByteStream toWolf) {
        return new WatchedStream(toWolf, () -> {}) {
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

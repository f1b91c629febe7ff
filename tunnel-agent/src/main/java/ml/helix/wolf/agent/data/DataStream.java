package ml.helix.wolf.agent.data;

import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Pickup;
import ml.helix.wolf.revdial.Splice;

/** A data connection and a connection to Wolf, joined. Counted as running from its making to its end. */
final class DataStream implements Pickup.PreparedSplice {
    private final WebSocketStream remote;
    private final ByteStream local;
    private final Streams streams;
    private final StreamLog log;
    private final Runnable cutter = this::cut;

    DataStream(WebSocketStream remote, ByteStream local, Streams streams, StreamLog log) {
        this.remote = remote;
        this.local = local;
        this.streams = streams;
        this.log = log;
        streams.add(cutter);
    }

    @Override
    public void run() {
        boolean broken = true;
        try {
            broken = new Splice(remote, local, log::toWolf, log::fromWolf).run().error() != null;
            remote.awaitClosed(); // the stream counts until its last descriptor is closed
            local.awaitClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            over(broken);
        }
    }

    @Override
    public void close() {
        remote.close();
        local.close();
        over(true);
    }

    private void over(boolean broken) {
        streams.remove(cutter);
        streams.leave();
        log.ended(broken);
    }

    private void cut() {
        remote.cut();
        local.close();
    }
}

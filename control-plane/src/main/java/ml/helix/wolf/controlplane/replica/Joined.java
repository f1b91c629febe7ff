package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.controlplane.replica.PeerMessage.Go;
import ml.helix.wolf.controlplane.revdial.OtherReplicas;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.WatchedStream;

/** A pickup that came here and that another replica waits for. */
final class Joined implements OtherReplicas.Join {
    private final PeerConnections connections;
    private final PeerConnection connection;
    private final String runnerId;
    private final AtomicInteger running;
    private final AtomicBoolean over = new AtomicBoolean();

    /** @param running counts those that are not over */
    Joined(PeerConnections connections, PeerConnection connection, String runnerId, AtomicInteger running) {
        this.running = running;
        running.incrementAndGet();
        this.connections = connections;
        this.connection = connection;
        this.runnerId = runnerId;
    }

    @Override
    public String runnerId() {
        return runnerId;
    }

    @Override
    public void accept(ByteStream data) {
        if (over.compareAndSet(false, true)) {
            Thread.ofVirtual().name("join " + runnerId).start(() -> splice(data));
        }
    }

    private void splice(ByteStream data) {
        try {
            connection.send(new Go());
            var stream = new PeerStream(connection, connections::giveBack);
            new Splice(new Watched(data, stream), stream, bytes -> {}, bytes -> {}).run();
        } catch (IOException e) {
            data.close();
            connection.close();
        } finally {
            running.decrementAndGet();
        }
    }

    @Override
    public void giveUp() {
        if (over.compareAndSet(false, true)) {
            connection.close();
            running.decrementAndGet();
        }
    }

    /** Tells the other replica that the data connection broke, so that no response looks whole there. */
    private static final class Watched extends WatchedStream {
        private final PeerStream stream;

        Watched(ByteStream data, PeerStream stream) {
            super(data, () -> {});
            this.stream = stream;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                stream.breakOff();
                throw e;
            }
        }
    }
}

package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.ProtocolException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.socket.LingeringStream;

/**
 * A stream of a joined pickup between two replicas. Its connection outlives it: once both ends have said that they end, the
 * connection can carry the next one, so that no TLS handshake is needed for each pickup.
 */
final class PeerStream extends LingeringStream {
    private static final byte[] NOTHING = new byte[0];

    private final PeerConnection connection;
    private final Consumer<PeerConnection> reuse;
    private final AtomicBoolean done = new AtomicBoolean();
    private volatile boolean endSent;
    private volatile boolean endReceived;
    private volatile boolean broken;

    /** @param reuse gets the connection back once, if the stream ends in order; must not block */
    PeerStream(PeerConnection connection, Consumer<PeerConnection> reuse) {
        this.connection = connection;
        this.reuse = reuse;
    }

    /** The source of what is written here broke: {@link #close} tells the other end so. */
    void breakOff() {
        broken = true;
    }

    @Override
    protected int receive(byte[] buffer, int offset, int length) throws IOException {
        if (endReceived) {
            return -1;
        }
        return switch (connection.nextFrame()) {
            case PeerConnection.DATA -> connection.readPayload(buffer, offset, length);
            case PeerConnection.END -> {
                endReceived = true;
                yield -1;
            }
            case PeerConnection.BROKEN -> {
                endReceived = true;
                throw new IOException("the data connection at replica " + connection.peer + " broke");
            }
            default -> throw new ProtocolException("replica " + connection.peer + " sent no data");
        };
    }

    @Override
    protected void send(byte[] buffer, int offset, int length) throws IOException {
        for (int sent = 0; sent < length; sent += PeerConnection.MAX_PAYLOAD) {
            int piece = Math.min(PeerConnection.MAX_PAYLOAD, length - sent);
            connection.send(PeerConnection.DATA, buffer, offset + sent, piece);
        }
    }

    @Override
    protected void endOutput() throws IOException {
        connection.send(broken ? PeerConnection.BROKEN : PeerConnection.END, NOTHING, 0, 0);
        endSent = true;
    }

    @Override
    protected void cut() {
        if (!done.compareAndSet(false, true)) {
            return;
        }
        if (endReceived && endSent) {
            reuse.accept(connection);
        } else if (endReceived) {
            // The other end drops what we send now, so this takes no longer than it waits.
            Thread.ofVirtual().name("peer-stream-end").start(this::answerEnd);
        } else {
            connection.close();
        }
    }

    private void answerEnd() {
        try {
            endOutput();
            reuse.accept(connection);
        } catch (IOException e) {
            connection.close();
        }
    }
}

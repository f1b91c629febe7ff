package ml.helix.wolf.controlplane.replica;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * A connection between two replicas that carries messages both ways for as long as both live. Messages are sent on a thread
 * of its own, so that nobody waits for a replica that doesn't read. Thread-safe.
 */
final class PeerLink implements Closeable {
    private static final int MAX_QUEUED = 16 * 1024;

    private final PeerConnection connection;
    private final BlockingQueue<PeerMessage> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
    private final Thread writer;

    PeerLink(PeerConnection connection) {
        this.connection = connection;
        this.writer = Thread.ofVirtual().name("peer-writer " + connection.peer).unstarted(this::write);
    }

    String peer() {
        return connection.peer;
    }

    /** Queues a message. Never blocks. Returns false if there is no room. */
    boolean offer(PeerMessage message) {
        return queue.offer(message);
    }

    /**
     * Sends and receives until the connection ends; then throws.
     *
     * @param received gets each message, on this thread
     */
    void run(Consumer<PeerMessage> received) throws IOException {
        writer.start();
        try {
            while (true) {
                received.accept(connection.receive());
            }
        } finally {
            close();
        }
    }

    private void write() {
        try {
            while (true) {
                connection.send(queue.take());
            }
        } catch (IOException e) {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Idempotent. */
    @Override
    public void close() {
        connection.close();
        writer.interrupt();
    }
}

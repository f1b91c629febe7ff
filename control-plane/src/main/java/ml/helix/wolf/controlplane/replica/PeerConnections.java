package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.replica.PeerMessage.Bring;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to another replica: new ones, and those whose stream has ended in order, which carry the next. Thread-safe.
 */
final class PeerConnections implements AutoCloseable {
    private static final int MAX_IDLE = 64;
    private static final Duration MAX_IDLE_TIME = Duration.ofSeconds(60);
    private static final Logger log = LoggerFactory.getLogger(PeerConnections.class);

    private final ReplicaRow replica;
    private final PeerDoor door;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    // Both guarded by lock.
    private final Deque<Idle> idle = new ArrayDeque<>();
    private boolean closed;

    private record Idle(PeerConnection connection, long since) {}

    /** What the replica says to a pickup: Known or Refused. Only after Known is there more to come on the connection. */
    record Answer(PeerMessage message, PeerConnection connection) {}

    PeerConnections(ReplicaRow replica, PeerDoor door, LongSupplier nanoTime) {
        this.replica = replica;
        this.door = door;
        this.nanoTime = nanoTime;
    }

    /** A new one. */
    PeerConnection connect() throws IOException {
        int colon = replica.address().lastIndexOf(':');
        String host = replica.address().substring(0, colon).replaceAll("[\\[\\]]", "");
        int port = Integer.parseInt(replica.address().substring(colon + 1));
        return door.connect(InetSocketAddress.createUnresolved(host, port), replica.fingerprint(), replica.id());
    }

    /**
     * Brings a pickup to the replica.
     *
     * @throws IOException if the replica doesn't answer within 2 s
     */
    Answer join(Bring pickup) throws IOException {
        PeerConnection used = takeIdle();
        if (used != null) {
            try {
                return new Answer(ask(used, pickup), used);
            } catch (IOException e) {
                log.debug("A connection to replica {} was over: {}", replica.id(), e.getMessage());
            }
        }
        PeerConnection fresh = connect();
        return new Answer(ask(fresh, pickup), fresh);
    }

    /** Sends a message and waits for the answer, 2 s at most. Closes the connection if none comes. */
    static PeerMessage ask(PeerConnection connection, PeerMessage message) throws IOException {
        try {
            connection.setReadTimeout((int) PeerDoor.TIMEOUT.toMillis());
            connection.send(message);
            PeerMessage answer = connection.receive();
            connection.setReadTimeout(0);
            return answer;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    private @Nullable PeerConnection takeIdle() {
        lock.lock();
        try {
            Idle last = idle.pollLast();
            return last == null ? null : last.connection();
        } finally {
            lock.unlock();
        }
    }

    /** Keeps a connection whose stream has ended in order for the next one. */
    void giveBack(PeerConnection connection) {
        lock.lock();
        try {
            if (idle.size() < MAX_IDLE && !closed) {
                idle.addLast(new Idle(connection, nanoTime.getAsLong()));
                return;
            }
        } finally {
            lock.unlock();
        }
        connection.close();
    }

    /** Closes those that have carried no stream for a minute. */
    void closeOld() {
        closeIdle(MAX_IDLE_TIME);
    }

    /** Closes those that carry no stream, and later those whose stream ends. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        closeIdle(Duration.ZERO);
    }

    private void closeIdle(Duration least) {
        long now = nanoTime.getAsLong();
        List<PeerConnection> old = new ArrayList<>();
        lock.lock();
        try {
            while (!idle.isEmpty() && now - idle.getFirst().since() >= least.toNanos()) {
                old.add(idle.removeFirst().connection());
            }
        } finally {
            lock.unlock();
        }
        old.forEach(PeerConnection::close);
    }
}

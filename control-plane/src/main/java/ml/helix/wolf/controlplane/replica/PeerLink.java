package ml.helix.wolf.controlplane.replica;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import ml.helix.wolf.controlplane.replica.PeerMessage.AskStats;
import ml.helix.wolf.controlplane.replica.PeerMessage.Streams;
import ml.helix.wolf.controlplane.replica.PeerMessage.TellStats;
import ml.helix.wolf.revdial.Stats;

/**
 * A connection between two replicas that carries messages both ways for as long as both live. Messages are sent on a thread
 * of its own, so that nobody waits for a replica that doesn't read. Thread-safe.
 */
final class PeerLink implements Closeable {
    private static final int MAX_QUEUED = 16 * 1024;

    private final PeerConnection connection;
    private final BlockingQueue<PeerMessage> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
    private final Thread writer;
    private final ReentrantLock lock = new ReentrantLock();
    // All guarded by lock.
    private long lastNumber;
    private final Map<Long, CompletableFuture<Stats>> statsAsks = new LinkedHashMap<>();
    /** The numbers of streams that were told over it. */
    private final Map<String, Integer> told = new HashMap<>();

    private boolean over;

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

    /** Asks for the statistics of the other end; fails if the link ends before the answer. */
    CompletableFuture<Stats> askStats() {
        var answer = new CompletableFuture<Stats>();
        lock.lock();
        try {
            long number = ++lastNumber;
            if (over || !offer(new AskStats(number))) {
                return CompletableFuture.failedFuture(
                        new IOException("the link to replica " + peer() + " is full or over"));
            }
            statsAsks.put(number, answer);
        } finally {
            lock.unlock();
        }
        return answer;
    }

    private void answered(long number, Stats stats) {
        CompletableFuture<Stats> asked;
        lock.lock();
        try {
            asked = statsAsks.remove(number);
        } finally {
            lock.unlock();
        }
        if (asked != null) {
            asked.complete(stats);
        }
    }

    /** Tells the other end how many streams there are to each runner, if that has changed. Never blocks. */
    void tellStreams(Map<String, Integer> running) {
        lock.lock();
        try {
            Set<String> ids = new HashSet<>(told.keySet());
            ids.addAll(running.keySet());
            for (String runnerId : ids) {
                int count = running.getOrDefault(runnerId, 0);
                if (count != told.getOrDefault(runnerId, 0) && offer(new Streams(runnerId, count))) {
                    told.put(runnerId, count);
                }
            }
            told.values().removeIf(count -> count == 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends and receives until the connection ends; then throws.
     *
     * @param received gets each message that is no answer to {@link #askStats}, on this thread
     */
    void run(Consumer<PeerMessage> received) throws IOException {
        writer.start();
        try {
            while (true) {
                PeerMessage message = connection.receive();
                if (message instanceof TellStats(long number, Stats stats)) {
                    answered(number, stats);
                } else {
                    received.accept(message);
                }
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

    /** Fails what was asked over it. Idempotent. */
    @Override
    public void close() {
        connection.close();
        writer.interrupt();
        List<CompletableFuture<Stats>> unanswered;
        lock.lock();
        try {
            over = true;
            unanswered = List.copyOf(statsAsks.values());
            statsAsks.clear();
        } finally {
            lock.unlock();
        }
        unanswered.forEach(answer -> answer.completeExceptionally(new IOException("the link is over")));
    }
}

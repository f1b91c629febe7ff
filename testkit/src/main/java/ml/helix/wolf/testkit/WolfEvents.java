package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The event stream. Each subscriber has a bounded queue of its own; one that does not read loses its connection when
 * its queue is full. A subscriber that left is noticed at the next write.
 *
 * <p>Thread-safe.
 */
final class WolfEvents implements AutoCloseable {
    private static final int QUEUED = 1024;
    /** Never sent: ends a subscription. */
    private static final String END = "";

    private final Duration keepAlive;
    private final Set<BlockingQueue<String>> subscribers = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    WolfEvents(Duration keepAlive) {
        this.keepAlive = keepAlive;
    }

    /** Writes events until the subscriber leaves or this is closed. */
    void subscribe(WolfConnection connection) throws IOException {
        BlockingQueue<String> events = new LinkedBlockingQueue<>(QUEUED);
        subscribers.add(events);
        try {
            connection.openEnded(
                    "Content-Type: text/event-stream", "Connection: keep-alive", "Cache-Control: no-cache");
            while (!closed) {
                String event = events.poll(keepAlive.toNanos(), TimeUnit.NANOSECONDS);
                if (END.equals(event)) {
                    return;
                }
                connection.write(event == null ? ":keepalive\n\n" : event);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            subscribers.remove(events);
        }
    }

    void emit(String type, JsonNode data) {
        String event = "event: " + type + "\ndata: " + WolfConnection.text(data) + "\n\n";
        subscribers.forEach(events -> {
            if (!events.offer(event)) {
                end(events);
            }
        });
    }

    int subscribers() {
        return subscribers.size();
    }

    @Override
    public void close() {
        closed = true;
        subscribers.forEach(WolfEvents::end);
    }

    private static void end(BlockingQueue<String> events) {
        events.clear();
        events.add(END);
    }
}

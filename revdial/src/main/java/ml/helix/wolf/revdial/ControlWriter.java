package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Sends the lines of a control connection, in order, on a thread of its own. So nobody else waits for a peer that doesn't
 * read. Thread-safe.
 */
final class ControlWriter {
    private final ControlSender control;
    private final BlockingQueue<byte[]> lines;
    private final Consumer<IOException> onBroken;
    private final byte[] keepAlive = ControlLines.encode(new ControlMessage.KeepAlive());
    /** Whether a keep-alive is queued or being sent. */
    private final AtomicBoolean keepAliveUnsent = new AtomicBoolean();

    private final Thread thread;
    private volatile boolean stopped;

    /**
     * @param capacity how many lines may wait
     * @param onBroken called at most once, on this writer's thread, if the transport fails
     */
    ControlWriter(String name, ControlSender control, int capacity, Consumer<IOException> onBroken) {
        this.control = control;
        this.lines = new LinkedBlockingQueue<>(capacity);
        this.onBroken = onBroken;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Queues a line. Never blocks. Returns false if the queue is full. */
    boolean offer(byte[] line) {
        return lines.offer(line);
    }

    /** Queues a keep-alive. Never blocks. Returns false if the previous one is still unsent: the peer doesn't read. */
    boolean offerKeepAlive() {
        return keepAliveUnsent.compareAndSet(false, true) && lines.offer(keepAlive);
    }

    /** Whether a keep-alive is queued or being sent. */
    boolean owesKeepAlive() {
        return keepAliveUnsent.get();
    }

    /** Ends the thread; what is queued is dropped. Idempotent. */
    void stop() {
        stopped = true;
        thread.interrupt();
    }

    private void run() {
        try {
            while (!stopped) {
                byte[] line = lines.take();
                control.send(line);
                if (line == keepAlive) {
                    keepAliveUnsent.set(false);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            onBroken.accept(e);
        }
    }
}

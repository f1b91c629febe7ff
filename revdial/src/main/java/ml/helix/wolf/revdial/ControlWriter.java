package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Sends a control connection's lines in order on a thread of its own, so that nobody waits for a peer that doesn't
 * read. Thread safe.
 */
final class ControlWriter {
    private final ControlSender control;
    private final BlockingQueue<byte[]> lines;
    private final Consumer<IOException> onBroken;
    private final byte[] keepAlive = ControlLines.encode(new ControlMessage.KeepAlive());
    /** A keep-alive is queued or on its way. */
    private final AtomicBoolean keepAliveUnsent = new AtomicBoolean();

    private final Thread thread;
    private volatile boolean stopped;

    /**
     * @param capacity how many lines may wait
     * @param onBroken told, on this writer's thread and at most once, that the transport takes no more
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

    /** Queues a line. Never blocks. Returns whether there was room. */
    boolean offer(byte[] line) {
        return lines.offer(line);
    }

    /** Queues a keep-alive. Never blocks. Returns false where the one before is still unsent: the peer doesn't read. */
    boolean offerKeepAlive() {
        return keepAliveUnsent.compareAndSet(false, true) && lines.offer(keepAlive);
    }

    /** Whether a keep-alive is queued or on its way. */
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

package ml.helix.wolf.controlplane.revdial;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OutgoingEntry;

/** A WebSocket session without a network. Frames are taken at once unless it is told to hold them. */
final class FakeCoreSession extends CoreSession.Empty {
    final List<Frame> sent = new ArrayList<>();
    private final Map<Byte, Thread> lastSentBy = new HashMap<>();
    final List<Callback> held = new ArrayList<>();
    boolean holding;
    private int demands;
    Thread lastDemandedBy;
    int closeCode;
    boolean aborted;
    /** Runs within a close, as the peer's end does where it comes at once. */
    Runnable whenClosed = () -> {};

    @Override
    public synchronized void sendFrame(OutgoingEntry entry) {
        sent.add(entry.getFrame());
        lastSentBy.put(entry.getFrame().getOpCode(), Thread.currentThread());
        notifyAll();
        if (holding) {
            held.add(entry.getCallback());
        } else {
            entry.getCallback().succeeded();
        }
    }

    synchronized long count(byte opCode) {
        return sent.stream().filter(frame -> frame.getOpCode() == opCode).count();
    }

    /** Returns once that many were sent, and whoever sent the last frame waits for the next. */
    void awaitSent(byte opCode, long atLeast) throws InterruptedException {
        Thread writer;
        synchronized (this) {
            while (count(opCode) < atLeast) {
                wait();
            }
            writer = lastSentBy.get(opCode);
        }
        while (writer.isAlive() && writer.getState() != Thread.State.WAITING) {
            Thread.sleep(Duration.ofNanos(100_000));
        }
    }

    synchronized void awaitHeld() throws InterruptedException {
        while (held.isEmpty()) {
            wait();
        }
    }

    @Override
    public synchronized void demand() {
        demands++;
        lastDemandedBy = Thread.currentThread();
    }

    synchronized int demands() {
        return demands;
    }

    @Override
    public void close(int statusCode, String reason, Callback callback) {
        closeCode = statusCode;
        callback.succeeded();
        whenClosed.run();
    }

    @Override
    public synchronized void abort() {
        aborted = true;
        held.forEach(callback -> callback.failed(new java.io.IOException("aborted")));
    }
}

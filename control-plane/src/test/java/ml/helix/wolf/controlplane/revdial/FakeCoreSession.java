package ml.helix.wolf.controlplane.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.revdial.FrameBudget;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OutgoingEntry;

/** A WebSocket session without a network. Frames count as sent at once, or when they are no longer held. */
final class FakeCoreSession extends CoreSession.Empty {
    final List<Frame> sent = new ArrayList<>();
    private final Map<Byte, Thread> lastSentBy = new HashMap<>();
    /** Callbacks of the frames that were sent while {@link #holding}. */
    final List<Callback> held = new ArrayList<>();

    boolean holding;
    private int demands;
    Thread lastDemandedBy;
    int closeCode;
    boolean aborted;
    /** Runs within {@link #close}, as if the peer closed at once. */
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

    /** Returns when that many were sent and the thread that sent the last one waits again. */
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

    /** Sends an endpoint one frame more than its budget, and checks that only that one closes the connection. */
    void exceedBudget(FrameHandler endpoint, byte opCode) {
        for (int i = 0; i < FrameBudget.BURST; i++) {
            endpoint.onFrame(new Frame(opCode), Callback.NOOP);
        }
        int demandsBefore = demands();
        assertThat(closeCode).isZero();

        endpoint.onFrame(new Frame(opCode), Callback.NOOP);

        assertThat(closeCode).isEqualTo(CloseStatus.POLICY_VIOLATION);
        assertThat(demands()).isEqualTo(demandsBefore);
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
        held.forEach(callback -> callback.failed(new IOException("aborted")));
    }
}

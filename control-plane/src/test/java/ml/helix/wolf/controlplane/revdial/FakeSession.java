package ml.helix.wolf.controlplane.revdial;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OutgoingEntry;

/** A WebSocket session without a network. Frames are taken at once unless it is told to hold them. */
final class FakeSession extends CoreSession.Empty {
    final List<Frame> sent = new ArrayList<>();
    final List<Callback> held = new ArrayList<>();
    boolean holding;
    private int demands;
    Thread lastDemandedBy;
    int closeCode;
    boolean aborted;

    @Override
    public synchronized void sendFrame(OutgoingEntry entry) {
        sent.add(entry.getFrame());
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

    synchronized void awaitSent(byte opCode, long atLeast) throws InterruptedException {
        while (count(opCode) < atLeast) {
            wait();
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
    }

    @Override
    public synchronized void abort() {
        aborted = true;
        held.forEach(callback -> callback.failed(new java.io.IOException("aborted")));
    }
}

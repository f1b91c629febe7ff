package ml.helix.wolf.controlplane.revdial;

import java.nio.ByteBuffer;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import ml.helix.wolf.revdial.DataKeepAlive;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * Does what a {@link DataKeepAlive} decides, when it is time: pings the agent, or cuts the data connection of an agent that
 * has vanished. At most one ping waits for the socket. Thread-safe.
 */
final class PingTimer {
    private final DataKeepAlive keepAlive;
    private final ScheduledExecutorService timers;
    private final BooleanSupplier writing;
    private final Runnable onSilence;
    private final AtomicBoolean pingPending = new AtomicBoolean();
    private boolean stopped; // guarded by this
    private @Nullable ScheduledFuture<?> nextCheck; // guarded by this

    /**
     * @param timers runs short tasks only
     * @param writing whether a write of data waits for the socket: the agent is not quiet then
     * @param onSilence called before it cuts the data connection
     */
    PingTimer(DataKeepAlive keepAlive, ScheduledExecutorService timers, BooleanSupplier writing, Runnable onSilence) {
        this.keepAlive = keepAlive;
        this.timers = timers;
        this.writing = writing;
        this.onSilence = onSilence;
    }

    /** Call once. */
    void start(CoreSession session) {
        scheduleCheck(session);
    }

    /** Idempotent. */
    synchronized void stop() {
        stopped = true;
        if (nextCheck != null) {
            nextCheck.cancel(false);
        }
    }

    private synchronized void scheduleCheck(CoreSession session) {
        if (!stopped) {
            long nanos = keepAlive.untilNextStep().toNanos();
            nextCheck = timers.schedule(() -> check(session), nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void check(CoreSession session) {
        if (writing.getAsBoolean()) {
            keepAlive.dataSent();
        }
        switch (keepAlive.nextStep()) {
            case NOTHING -> {}
            case PING -> ping(session);
            case CUT -> {
                onSilence.run();
                session.abort();
                return;
            }
        }
        scheduleCheck(session);
    }

    private void ping(CoreSession session) {
        byte[] payload = keepAlive.nextPing();
        if (pingPending.compareAndSet(false, true)) {
            Frame ping = new Frame(OpCode.PING, true, ByteBuffer.wrap(payload));
            session.sendFrame(ping, Callback.from(() -> pingPending.set(false), failure -> {}), false);
        }
    }
}

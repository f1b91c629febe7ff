package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ControlEnd;
import ml.helix.wolf.revdial.ControlSender;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.LocalDialer;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty's endpoint of a control connection: passes what the agent sends to its {@link LocalDialer}, pings the agent every
 * {@link #PING_INTERVAL} and drops one that stops answering. Thread safe.
 */
final class ControlEndpoint implements FrameHandler, ControlSender {
    static final Duration PING_INTERVAL = Duration.ofSeconds(15);

    /** An agent that has sent no pong for that long is dropped. */
    static final Duration PONG_TIMEOUT = Duration.ofSeconds(45);

    /** Close code: another connection has taken over the id. Agents report it as {@code Displaced}. */
    static final int DISPLACED = 4001;

    private static final Duration SEND_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LINGER = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(ControlEndpoint.class);

    private final String runnerId;
    private final Function<ControlSender, LocalDialer> register;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final Set<ControlEndpoint> open;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile long lastPong;
    /** Belongs to Jetty's thread. */
    private final FrameBudget budget;

    private final PongSender pongs = new PongSender();

    // All set once, before the first frame is demanded.
    private volatile @Nullable CoreSession session;
    private volatile @Nullable LocalDialer dialer;
    private volatile @Nullable Future<?> pings;

    /**
     * @param register makes the connection known, and may close it at once
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param open contains this endpoint while it is open
     */
    ControlEndpoint(
            String runnerId,
            Function<ControlSender, LocalDialer> register,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            Set<ControlEndpoint> open) {
        this.runnerId = runnerId;
        this.register = register;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.open = open;
        this.budget = new FrameBudget(nanoTime);
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        session = coreSession;
        lastPong = nanoTime.getAsLong();
        open.add(this);
        callback.succeeded();
        dialer = register.apply(this);
        pings = timers.scheduleAtFixedRate(
                () -> ping(coreSession), PING_INTERVAL.toNanos(), PING_INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
        if (closed.isDone()) {
            release();
        } else {
            coreSession.demand();
        }
    }

    private void ping(CoreSession peer) {
        if (nanoTime.getAsLong() - lastPong >= PONG_TIMEOUT.toNanos()) {
            log.info("{} answered no ping for {} s", runnerId, PONG_TIMEOUT.toSeconds());
            peer.abort();
        } else {
            peer.sendFrame(new Frame(OpCode.PING), Callback.NOOP, false);
        }
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        CoreSession peer = session;
        LocalDialer agent = dialer;
        if (peer == null || agent == null) {
            throw new IllegalStateException("a frame before the connection is open");
        }
        int length = frame.getPayloadLength();
        int lines = 0;
        switch (frame.getOpCode()) {
            case OpCode.PING -> pongs.answer(peer, frame);
            case OpCode.PONG -> lastPong = nanoTime.getAsLong();
            case OpCode.CLOSE -> {
                if (closing.get()) {
                    agent.closeConfirmed();
                }
                callback.succeeded();
                return;
            }
            default -> {
                if (frame.hasPayload()) {
                    lines = agent.receive(frame.getPayload());
                }
            }
        }
        callback.succeeded();
        if (!budget.takeControlFrame(length) || !budget.takeLines(lines)) {
            agent.flooded();
            return; // nothing more is demanded, so TCP stops the agent
        }
        // On this thread: demanded on another one, the next frame may never come (Jetty issue 14903, in 12.1.6).
        peer.demand();
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        callback.succeeded();
    }

    /** May run on another thread before {@link #onOpen} has returned: the later of the two releases. */
    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        open.remove(this);
        closed.complete(null);
        release();
        callback.succeeded();
    }

    private void release() {
        Future<?> running = pings;
        if (running != null) {
            running.cancel(false);
        }
        LocalDialer agent = dialer;
        if (agent != null) {
            agent.disconnected();
        }
    }

    /** Completes when the connection has closed. */
    CompletableFuture<Void> closed() {
        return closed;
    }

    @Override
    public void send(byte[] line) throws IOException {
        CoreSession peer = session;
        if (peer == null) {
            throw new IOException("the control connection is not open");
        }
        try (Blocker.Callback sent = Blocker.callback()) {
            peer.sendFrame(new Frame(OpCode.BINARY, true, ByteBuffer.wrap(line)), sent, false);
            sent.block(SEND_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            peer.abort();
            throw new IOException("the agent took no line for " + SEND_TIMEOUT.toSeconds() + " s", e);
        }
    }

    @Override
    public void close(ControlEnd end) {
        CoreSession peer = session;
        if (peer == null || !closing.compareAndSet(false, true)) {
            return;
        }
        int code =
                switch (end.cause()) {
                    case PROTOCOL_ERROR -> CloseStatus.PROTOCOL;
                    case FLOOD -> CloseStatus.POLICY_VIOLATION;
                    case CLOSED -> CloseStatus.SHUTDOWN;
                    case DISPLACED -> DISPLACED;
                    case KEEP_ALIVE_TIMEOUT -> CloseStatus.NORMAL;
                };
        peer.close(code, end.message(), Callback.NOOP);
        timers.schedule(peer::abort, LINGER.toSeconds(), TimeUnit.SECONDS);
    }
}

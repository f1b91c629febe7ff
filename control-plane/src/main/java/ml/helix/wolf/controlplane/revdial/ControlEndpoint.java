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
import ml.helix.wolf.revdial.Dialer;
import ml.helix.wolf.revdial.FrameBudget;
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
 * An agent's control connection: what it sends goes to its {@link Dialer}, and a ping every {@link #PING_INTERVAL} shows
 * whether it is still there. Thread safe.
 */
final class ControlEndpoint implements FrameHandler, ControlSender {
    static final Duration PING_INTERVAL = Duration.ofSeconds(15);

    /** An agent that answered no ping for that long is gone. */
    static final Duration PONG_TIMEOUT = Duration.ofSeconds(45);

    /** Says that another connection has taken the id; agents show it as {@code Displaced}. */
    static final int REPLACED = 4001;

    private static final Duration SEND_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LINGER = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(ControlEndpoint.class);

    private final String runnerId;
    private final Function<ControlSender, Dialer> join;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final Set<ControlEndpoint> open;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile long lastPong;
    /** Belongs to Jetty's thread. */
    private final FrameBudget budget;

    private final Pongs pongs = new Pongs();

    // All set once, before the first frame is asked for.
    private volatile @Nullable CoreSession session;
    private volatile @Nullable Dialer dialer;
    private volatile @Nullable Future<?> pings;

    /**
     * @param join makes the connection known, and may close it at once
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param open holds this one while it is open
     */
    ControlEndpoint(
            String runnerId,
            Function<ControlSender, Dialer> join,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            Set<ControlEndpoint> open) {
        this.runnerId = runnerId;
        this.join = join;
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
        dialer = join.apply(this);
        if (!closing.get()) {
            log.info("{} is connected", runnerId);
        }
        pings = timers.scheduleAtFixedRate(
                () -> ping(coreSession), PING_INTERVAL.toNanos(), PING_INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
        if (gone.isDone()) {
            letGo();
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
        Dialer agent = dialer;
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
            return; // nothing more is read, so that TCP stops the agent
        }
        // Asked for on any other thread, the next frame may never come: see DataEndpoint.
        peer.demand();
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        callback.succeeded();
    }

    /** May come before {@link #onOpen} is through, on another thread: whichever is later lets go. */
    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        open.remove(this);
        gone.complete(null);
        letGo();
        callback.succeeded();
    }

    private void letGo() {
        Future<?> pinging = pings;
        if (pinging != null) {
            pinging.cancel(false);
        }
        Dialer agent = dialer;
        if (agent != null) {
            agent.disconnected();
        }
    }

    /** Complete once the connection is over. */
    CompletableFuture<Void> gone() {
        return gone;
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
                    case REPLACED -> REPLACED;
                    case KEEP_ALIVE_TIMEOUT -> CloseStatus.NORMAL;
                };
        peer.close(code, end.message(), Callback.NOOP);
        timers.schedule(peer::abort, LINGER.toSeconds(), TimeUnit.SECONDS);
    }
}

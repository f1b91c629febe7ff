package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.TimeSlice;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
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
 * A data connection as a blocking stream of bytes: the payloads of its frames, whatever their borders.
 *
 * <p>Jetty's thread, a virtual one, hands over one frame (or a piece of a large one) and waits until that is read; a
 * write returns when the socket has taken it. So TCP pushes back both ways and nothing is queued here. One thread reads
 * and one writes at a time; {@link #close} may come from any. A close frame of any code but 1011 reads as the end, and so
 * does a bare end of the connection, unless {@link #endsWithCloseFrame}. A reset or 1011 breaks the stream.
 *
 * <p>The next frame is only ever asked for on Jetty's thread, before {@link #onFrame} returns. Asked for on another one it
 * may never come: <a href="https://github.com/jetty/jetty.project/issues/14903">Jetty issue 14903</a>, in 12.1.6.
 *
 * <p>{@link #close} sends a close frame after what was written and lets the peer take it all; a peer that has not closed
 * within {@link #LINGER} is cut, and so is one that a write is waiting for.
 */
final class DataEndpoint implements FrameHandler, ByteStream {
    /** How long a closed stream may wait for the peer to take the last bytes and to close as well. */
    static final Duration LINGER = Duration.ofSeconds(30);

    private static final CloseStatus FLOOD =
            new CloseStatus(CloseStatus.POLICY_VIOLATION, "you sent " + FrameBudget.EXCEEDED);
    private static final Logger log = LoggerFactory.getLogger(DataEndpoint.class);

    private final ScheduledExecutorService timers;
    private final Consumer<ByteStream> opened;
    /** Of control frames and empty ones. Belongs to Jetty's thread. */
    private final FrameBudget budget;
    /** Of Jetty's thread. */
    private final TimeSlice receiving;
    /** Of the thread that writes. */
    private final TimeSlice sending;

    private final Pongs pongs = new Pongs();
    private final DataKeepAlive keepAlive;
    /** A ping waits for the socket to take it. */
    private final AtomicBoolean pinging = new AtomicBoolean();

    private volatile boolean endsWithCloseFrame;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All below are guarded by lock, but for the session, which is set before anyone else knows the stream.
    private @Nullable ByteBuffer payload;
    private boolean ended;
    private @Nullable Throwable broken;
    private boolean writing;
    private boolean closed;
    private boolean gone;
    private @Nullable ScheduledFuture<?> linger;
    private @Nullable ScheduledFuture<?> nextCheck;
    private CloseStatus farewell = CloseStatus.NORMAL_STATUS;

    private volatile @Nullable CoreSession session;

    /**
     * @param timers cuts a peer that does not close; runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param promise the agent's {@link DataKeepAlive#HEADER}, empty where it sent none
     * @param opened told once, when the stream can be used; must not block
     */
    DataEndpoint(ScheduledExecutorService timers, LongSupplier nanoTime, String promise, Consumer<ByteStream> opened) {
        this.timers = timers;
        this.opened = opened;
        this.budget = new FrameBudget(nanoTime);
        this.receiving = new TimeSlice(nanoTime);
        this.sending = new TimeSlice(nanoTime);
        this.keepAlive = new DataKeepAlive(promise, nanoTime);
    }

    /** For a peer that is known to send a close frame at the end: an end without one has then broken the stream off. */
    DataEndpoint endsWithCloseFrame() {
        endsWithCloseFrame = true;
        return this;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        session = coreSession;
        callback.succeeded();
        keepAlive.awaitingBytes();
        scheduleCheck();
        coreSession.demand();
        opened.accept(this);
    }

    private void scheduleCheck() {
        lock.lock();
        try {
            if (!closed && !gone) {
                nextCheck =
                        timers.schedule(this::check, keepAlive.untilNextStep().toNanos(), TimeUnit.NANOSECONDS);
            }
        } finally {
            lock.unlock();
        }
    }

    private void check() {
        if (isWriting()) {
            keepAlive.dataSent();
        }
        switch (keepAlive.nextStep()) {
            case NOTHING -> {}
            case PING -> ping();
            case CUT -> {
                log.info(
                        "A data connection is closed: nothing came from the agent for {} s",
                        DataKeepAlive.SILENCE.toSeconds());
                session().abort();
                return;
            }
        }
        scheduleCheck();
    }

    private void ping() {
        byte[] payload = keepAlive.nextPing();
        if (pinging.compareAndSet(false, true)) {
            Frame ping = new Frame(OpCode.PING, true, ByteBuffer.wrap(payload));
            session().sendFrame(ping, Callback.from(() -> pinging.set(false), failure -> {}), false);
        }
    }

    private boolean isWriting() {
        lock.lock();
        try {
            return writing;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        switch (frame.getOpCode()) {
            case OpCode.PING -> {
                keepAlive.controlFrameReceived();
                pongs.answer(session(), frame);
            }
            case OpCode.PONG ->
                keepAlive.pongReceived(frame.hasPayload() ? frame.getPayload().slice() : BufferUtil.EMPTY_BUFFER);
            case OpCode.CLOSE -> {
                end(brokenBy(CloseStatus.getCloseStatus(frame)));
                callback.succeeded();
                return;
            }
            default -> {
                if (frame.hasPayload()) {
                    handOver(frame.getPayload());
                    callback.succeeded();
                    session().demand();
                    return;
                }
            }
        }
        callback.succeeded();
        if (budget.takeFrame()) {
            session().demand();
        } else {
            flooded();
        }
    }

    /** Nothing more is read, so that TCP stops the peer until the connection is closed. */
    private void flooded() {
        log.info("A data connection is closed: the agent sent {}", FrameBudget.EXCEEDED);
        lock.lock();
        try {
            farewell = FLOOD; // the reader, which hears of the end, may close first
        } finally {
            lock.unlock();
        }
        end(new ProtocolException("the agent sent " + FrameBudget.EXCEEDED));
        session().close(FLOOD.getCode(), FLOOD.getReason(), Callback.NOOP);
    }

    private void handOver(ByteBuffer bytes) {
        keepAlive.bytesReceived();
        lock.lock();
        try {
            payload = bytes;
            changed.signalAll();
            while (!closed && bytes.hasRemaining()) {
                changed.awaitUninterruptibly();
            }
            payload = null;
        } finally {
            lock.unlock();
            keepAlive.awaitingBytes();
        }
        receiving.next();
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        end(cause instanceof ClosedChannelException && !endsWithCloseFrame ? null : cause);
        callback.succeeded();
    }

    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        end(null);
        lock.lock();
        try {
            gone = true;
            if (linger != null) {
                linger.cancel(false);
            }
            if (nextCheck != null) {
                nextCheck.cancel(false);
            }
        } finally {
            lock.unlock();
        }
        callback.succeeded();
    }

    /** Any code but 1011, "an error keeps me from going on", says that all of the stream is here. */
    private static @Nullable Throwable brokenBy(CloseStatus status) {
        return status.getCode() == CloseStatus.SERVER_ERROR
                ? new IOException("the agent closed it with an error")
                : null;
    }

    private void end(@Nullable Throwable cause) {
        lock.lock();
        try {
            if (!ended) {
                ended = true;
                broken = cause;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (!isReadable() && !ended && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                throw new IOException("the data connection was closed");
            }
            if (payload != null && payload.hasRemaining()) {
                int count = Math.min(length, payload.remaining());
                payload.get(buffer, offset, count);
                changed.signalAll();
                return count;
            }
            if (broken != null) {
                throw new IOException("the data connection broke: " + broken.getMessage(), broken);
            }
            return -1;
        } finally {
            lock.unlock();
        }
    }

    private boolean isReadable() {
        return payload != null && payload.hasRemaining();
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return;
        }
        lock.lock();
        try {
            if (closed || ended) {
                throw new IOException("the data connection is closed");
            }
            writing = true;
        } finally {
            lock.unlock();
        }
        keepAlive.dataSent();
        try (Blocker.Callback sent = Blocker.callback()) {
            session().sendFrame(new Frame(OpCode.BINARY, true, ByteBuffer.wrap(buffer, offset, length)), sent, false);
            sent.block();
            keepAlive.dataSent();
        } catch (IOException e) {
            throw new IOException("the data connection broke", e);
        } finally {
            lock.lock();
            try {
                writing = false;
            } finally {
                lock.unlock();
            }
        }
        sending.next();
    }

    @Override
    public void close() {
        boolean cut;
        CloseStatus last;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (nextCheck != null) {
                nextCheck.cancel(false);
            }
            changed.signalAll();
            cut = writing;
            last = farewell;
            if (!gone && !cut) {
                linger = timers.schedule(session()::abort, LINGER.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            lock.unlock();
        }
        if (cut) {
            session().abort();
        } else {
            session().close(last.getCode(), last.getReason(), Callback.NOOP);
        }
    }

    private CoreSession session() {
        CoreSession known = session;
        if (known == null) {
            throw new IllegalStateException("the data connection is not open yet");
        }
        return known;
    }
}

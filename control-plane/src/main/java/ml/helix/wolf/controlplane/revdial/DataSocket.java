package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.ByteStream;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * A data connection as a blocking stream of bytes: the payloads of its frames, whatever their borders.
 *
 * <p>Jetty hands over one frame (or a piece of a large one) and no more until that is read, and a write returns when
 * the socket has taken it, so TCP pushes back both ways and nothing is queued here. One thread reads and one writes at a
 * time; {@link #close} may come from any. A close frame and a bare end of the connection both read as the end.
 *
 * <p>{@link #close} sends a close frame after what was written and lets the peer take it all; a peer that has not closed
 * within {@link #LINGER} is cut, and so is one that a write is waiting for.
 */
final class DataSocket implements FrameHandler, ByteStream {
    /** How long a closed stream may wait for the peer to take the last bytes and to close as well. */
    static final Duration LINGER = Duration.ofSeconds(30);

    private final ScheduledExecutorService timers;
    private final Consumer<ByteStream> opened;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All below are guarded by lock, but for the session, which is set before anyone else knows the stream.
    private @Nullable ByteBuffer payload;
    private Callback consumed = Callback.NOOP;
    private boolean ended;
    private @Nullable Throwable broken;
    private boolean writing;
    private boolean closed;
    private boolean gone;
    private @Nullable ScheduledFuture<?> linger;

    private volatile @Nullable CoreSession session;

    /**
     * @param timers cuts a peer that does not close; runs short tasks only
     * @param opened told once, when the stream can be used; must not block
     */
    DataSocket(ScheduledExecutorService timers, Consumer<ByteStream> opened) {
        this.timers = timers;
        this.opened = opened;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        session = coreSession;
        callback.succeeded();
        coreSession.demand();
        opened.accept(this);
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        switch (frame.getOpCode()) {
            case OpCode.PING -> answer(frame, callback);
            case OpCode.CLOSE -> {
                end(null);
                callback.succeeded();
            }
            case OpCode.PONG -> next(callback);
            default -> {
                if (!frame.hasPayload() || !offer(frame.getPayload(), callback)) {
                    next(callback);
                }
            }
        }
    }

    private boolean offer(ByteBuffer bytes, Callback callback) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            payload = bytes;
            consumed = callback;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void next(Callback done) {
        done.succeeded();
        session().demand();
    }

    /** The next frame is asked for when the pong is sent: a peer that pings and does not read fills no queue. */
    private void answer(Frame ping, Callback callback) {
        ByteBuffer echo = ByteBuffer.allocate(ping.getPayloadLength());
        if (ping.hasPayload()) {
            echo.put(ping.getPayload().slice()).flip();
        }
        var pong = new Frame(OpCode.PONG, true, echo);
        session().sendFrame(pong, Callback.from(() -> next(callback), callback::failed), false);
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        end(cause instanceof ClosedChannelException ? null : cause);
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
        } finally {
            lock.unlock();
        }
        callback.succeeded();
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
        int count;
        Callback done;
        lock.lock();
        try {
            while (payload == null && !ended && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                throw new IOException("the data connection was closed");
            }
            if (payload == null) {
                if (broken != null) {
                    throw new IOException("the data connection broke: " + broken.getMessage(), broken);
                }
                return -1;
            }
            count = Math.min(length, payload.remaining());
            payload.get(buffer, offset, count);
            if (payload.hasRemaining()) {
                return count;
            }
            payload = null;
            done = consumed;
        } finally {
            lock.unlock();
        }
        next(done);
        return count;
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
        try (Blocker.Callback sent = Blocker.callback()) {
            session().sendFrame(new Frame(OpCode.BINARY, true, ByteBuffer.wrap(buffer, offset, length)), sent, false);
            sent.block();
        } finally {
            lock.lock();
            try {
                writing = false;
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() {
        boolean cut;
        @Nullable Callback unread;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
            unread = payload == null ? null : consumed;
            payload = null;
            cut = writing;
            if (!gone && !cut) {
                linger = timers.schedule(session()::abort, LINGER.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            lock.unlock();
        }
        if (cut) {
            session().abort();
        } else {
            session().close(CloseStatus.NORMAL, null, Callback.NOOP);
        }
        if (unread != null) {
            next(unread);
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

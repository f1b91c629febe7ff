package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.EndedStreamException;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.Reuse;
import ml.helix.wolf.revdial.StreamLog;
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
 * Jetty's endpoint of a data connection, as a blocking stream of the bytes in its frames.
 *
 * <p>Jetty's thread, a virtual one, delivers a frame (or a piece of a large one) and waits until it is read, or until it is the one
 * small piece that {@link PayloadHandover} holds; a write returns when the socket has taken it. So TCP pushes back both ways. One thread reads and one writes at a
 * time; {@link #close} may come from any. A close frame of any code but 1011 is the end of the stream. So is a bare FIN,
 * unless {@link #requireCloseFrame} was called. A reset or 1011 breaks the stream.
 *
 * <p>The next frame is demanded on Jetty's thread only, before {@link #onFrame} returns. If another thread demands it, it may
 * never come: <a href="https://github.com/jetty/jetty.project/issues/14903">Jetty issue 14903</a>, in 12.1.6.
 *
 * <p>A connection that is {@linkplain Reuse reused} carries one {@link OneStream} after the other; without it, the endpoint itself
 * is the stream.
 *
 * <p>{@link #close} sends a close frame after what was written and gives the peer {@link #LINGER} to take it all and to close
 * as well. If a write still waits for the peer, {@code close} cuts the connection at once.
 */
final class DataEndpoint implements FrameHandler, ByteStream {
    static final Duration LINGER = Duration.ofSeconds(30);

    /** A connection that is older carries no other stream, so that its token is looked at again. */
    static final Duration REUSED_FOR = Duration.ofSeconds(60);

    /** Bytes of a text message of a reused connection, at most. */
    private static final int LONGEST_TEXT = 125;

    private static final CloseStatus TOO_LONG =
            new CloseStatus(CloseStatus.PROTOCOL, "a text message is longer than " + LONGEST_TEXT + " bytes");
    private static final CloseStatus FLOOD =
            new CloseStatus(CloseStatus.POLICY_VIOLATION, "you sent " + FrameBudget.EXCEEDED);
    private static final Logger log = LoggerFactory.getLogger(DataEndpoint.class);

    private final ScheduledExecutorService timers;
    private final Consumer<ByteStream> opened;
    private final @Nullable Next next;
    private final LongSupplier nanoTime;
    private final long createdAt;
    /** For control frames and empty ones. Belongs to Jetty's thread. */
    private final FrameBudget budget;
    /** Belongs to Jetty's thread. */
    private final TimeSlice receiving;
    /** What has come of a text message whose end has not: Jetty delivers what comes in two reads as two. Belongs to Jetty's thread. */
    private String text = "";

    private boolean textUnfinished;
    /** Belongs to the writing thread. */
    private final TimeSlice sending;

    private final PongSender pongs = new PongSender();
    private final DataKeepAlive keepAlive;
    private final PingTimer pings;

    /** Of the present stream. */
    private volatile PayloadHandover received = new PayloadHandover();

    private volatile StreamLog about = StreamLog.current();
    private volatile boolean closeFrameRequired;
    /** Set by {@link #onOpen}, before anyone else knows the stream. */
    private volatile @Nullable CoreSession session;

    // All guarded by this.
    private boolean writing;
    private boolean closed;
    private boolean disconnected;
    private @Nullable ScheduledFuture<?> linger;
    private CloseStatus closeStatus = CloseStatus.NORMAL_STATUS;
    private @Nullable OneStream present;

    /** Gets each stream of a reused connection but the first. */
    @FunctionalInterface
    interface Next {
        /** @param stream closed by the receiver if it has no use for it; must not block */
        void offered(String dialId, ByteStream stream);
    }

    /**
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param promise the agent's {@link DataKeepAlive#HEADER}, empty if it sent none
     * @param opened gets the stream once, when it can be used; must not block
     * @param next for a connection that is reused
     */
    DataEndpoint(
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            String promise,
            Consumer<ByteStream> opened,
            @Nullable Next next) {
        this.timers = timers;
        this.opened = opened;
        this.next = next;
        this.nanoTime = nanoTime;
        this.createdAt = nanoTime.getAsLong();
        this.budget = new FrameBudget(nanoTime);
        this.receiving = new TimeSlice(nanoTime);
        this.sending = new TimeSlice(nanoTime);
        this.keepAlive = new DataKeepAlive(promise, nanoTime);
        this.pings = new PingTimer(keepAlive, timers, this::isWriting, this::silent);
    }

    private void silent() {
        about.run(() -> log.info(
                "A data connection is closed: nothing came from the agent for {} s",
                DataKeepAlive.SILENCE.toSeconds()));
    }

    @Override
    public void logAs(StreamLog newer) {
        about = newer;
    }

    /** For a peer that always sends a close frame: an end without one breaks the stream. */
    void requireCloseFrame() {
        closeFrameRequired = true;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        session = coreSession;
        callback.succeeded();
        keepAlive.awaitingBytes();
        pings.start(coreSession);
        coreSession.demand();
        opened.accept(next == null ? this : newStream(about.dial()));
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
                received.end(failureOf(CloseStatus.getCloseStatus(frame)));
                callback.succeeded();
                return;
            }
            default -> {
                if (next != null && (textUnfinished || frame.getOpCode() == OpCode.TEXT)) {
                    keepAlive.controlFrameReceived();
                    if (text.length() + frame.getPayloadLength() > LONGEST_TEXT) {
                        callback.succeeded();
                        refuse(TOO_LONG);
                        return;
                    }
                    takePieceOfText(frame, next);
                    break;
                }
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
            refuse(FLOOD);
        }
    }

    private OneStream newStream(String dialId) {
        var stream = new OneStream(dialId);
        synchronized (this) {
            present = stream;
        }
        return stream;
    }

    private void takePieceOfText(Frame frame, Next receiver) {
        text += frame.getPayloadAsUTF8();
        textUnfinished = !frame.isFin();
        if (frame.isFin()) {
            String message = text;
            text = "";
            takeText(message, receiver);
        }
    }

    /** Unknown messages are ignored. */
    private void takeText(String message, Next receiver) {
        if (message.equals(Reuse.END)) {
            synchronized (this) {
                if (present != null) {
                    present.endedByPeer = true;
                }
            }
            received.end(null);
        } else if (message.equals(Reuse.READY)) {
            synchronized (this) {
                if (closed || disconnected || present == null || !present.over || !present.endedByPeer) {
                    return;
                }
                stopLingering();
                received = new PayloadHandover();
            }
            String dialId = DialerIds.requestId();
            about = StreamLog.ofDial(dialId);
            receiver.offered(dialId, newStream(dialId));
        }
    }

    /** The agent's end has {@link #LINGER} to come. Call while this is locked. */
    private void startLingering() {
        linger = timers.schedule(session()::abort, LINGER.toSeconds(), TimeUnit.SECONDS);
    }

    /** Call while this is locked. */
    private void stopLingering() {
        if (linger != null) {
            linger.cancel(false);
        }
    }

    private void handOver(ByteBuffer payload) {
        keepAlive.bytesReceived();
        received.handOver(payload);
        keepAlive.awaitingBytes();
        receiving.next();
    }

    /** Any code but 1011, "internal error", says that the whole stream has arrived. */
    private static @Nullable IOException failureOf(CloseStatus status) {
        return status.getCode() == CloseStatus.SERVER_ERROR
                ? new IOException("the agent closed it with an error")
                : null;
    }

    /** Nothing more is demanded, so TCP stops the peer until the connection is closed. */
    private void refuse(CloseStatus status) {
        String what = status == FLOOD ? "the agent sent " + FrameBudget.EXCEEDED : status.getReason();
        about.run(() -> log.info("A data connection is closed: {}", what));
        synchronized (this) {
            closeStatus = status; // the reader sees the end and may close first
        }
        received.end(new ProtocolException(what));
        session().close(status.getCode(), status.getReason(), Callback.NOOP);
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        received.end(cause instanceof ClosedChannelException && !closeFrameRequired ? null : cause);
        callback.succeeded();
    }

    @Override
    public void onClosed(CloseStatus status, Callback callback) {
        pings.stop();
        synchronized (this) {
            disconnected = true;
            stopLingering();
        }
        received.end(null); // of the last stream: from here on none follows
        callback.succeeded();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return received.read(buffer, offset, length);
    }

    @Override
    public boolean watch(Runnable touched) {
        received.watch(touched);
        return true;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return;
        }
        startWriting();
        send(buffer, offset, length);
    }

    private void send(byte[] buffer, int offset, int length) throws IOException {
        keepAlive.dataSent();
        try (Blocker.Callback sent = Blocker.callback()) {
            session().sendFrame(new Frame(OpCode.BINARY, true, ByteBuffer.wrap(buffer, offset, length)), sent, false);
            sent.block();
            keepAlive.dataSent();
        } catch (IOException e) {
            throw new IOException("the data connection broke", e);
        } finally {
            stopWriting();
        }
        sending.next();
    }

    private synchronized void startWriting() throws IOException {
        if (closed || received.hasEnded()) {
            throw new EndedStreamException("the data connection is closed");
        }
        writing = true;
    }

    private synchronized void stopWriting() {
        writing = false;
    }

    private synchronized boolean isWriting() {
        return writing;
    }

    @Override
    public void close() {
        boolean cut;
        CloseStatus status;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            cut = writing;
            status = closeStatus;
            stopLingering();
            if (!disconnected && !cut) {
                startLingering();
            }
        }
        pings.stop();
        received.close();
        if (cut) {
            session().abort();
        } else {
            session().close(status.getCode(), status.getReason(), Callback.NOOP);
        }
    }

    private CoreSession session() {
        CoreSession known = session;
        if (known == null) {
            throw new IllegalStateException("the data connection is not open yet");
        }
        return known;
    }

    /**
     * One of the streams of a reused connection. {@link #close} ends the stream in order, and the connection if it can't carry
     * another one: the stream broke or was never begun, the agent takes no bytes, or the connection is too old.
     */
    private final class OneStream implements ByteStream {
        private final String dialId;
        private final PayloadHandover bytes = received;
        // All guarded by the endpoint.
        private boolean begun;
        private boolean over;
        private boolean endedByPeer;

        OneStream(String dialId) {
            this.dialId = dialId;
        }

        @Override
        public void logAs(StreamLog newer) {
            DataEndpoint.this.logAs(newer);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return bytes.read(buffer, offset, length);
        }

        @Override
        public boolean watch(Runnable touched) {
            bytes.watch(touched);
            return true;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            if (length == 0) {
                return;
            }
            boolean first;
            synchronized (DataEndpoint.this) {
                if (over) {
                    throw new EndedStreamException("the stream is closed");
                }
                startWriting();
                first = !begun;
                begun = true;
            }
            if (first) {
                session().sendFrame(new Frame(OpCode.TEXT, true, Reuse.BEGIN + dialId), Callback.NOOP, true);
            }
            send(buffer, offset, length);
        }

        @Override
        public void close() {
            boolean reusable;
            synchronized (DataEndpoint.this) {
                if (over) {
                    return;
                }
                over = true;
                boolean intact = endedByPeer || !bytes.hasEnded();
                boolean young = nanoTime.getAsLong() - createdAt < REUSED_FOR.toNanos();
                reusable = begun && intact && young && !writing && !closed && !disconnected;
                if (reusable) {
                    startLingering();
                }
            }
            if (reusable) {
                bytes.close();
                session().sendFrame(new Frame(OpCode.TEXT, true, Reuse.END), Callback.NOOP, false);
            } else {
                DataEndpoint.this.close();
            }
        }
    }
}

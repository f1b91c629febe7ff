package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.KeepAliveTimer;
import ml.helix.wolf.revdial.Reuse;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.websocket.FloodException;
import ml.helix.wolf.websocket.FrameReader;
import ml.helix.wolf.websocket.FrameWriter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WebSocket after its upgrade, as a stream of bytes. Between socket and caller there is one buffer per direction and
 * no queue, so TCP's own flow control slows the sender down. DESIGN.md says why it is as it is.
 *
 * <p>A thread of its own answers pings: a reader that waited for a blocked writer would deadlock with a peer that does
 * the same. While pongs can't be sent, those for the newest {@value #MAX_PENDING_PONGS} pings are kept.
 *
 * <p>{@link #close} closes in the background. It sends a close frame, then reads and drops what the peer still sends, at most 16 MiB a
 * second: a socket that is closed with unread bytes is reset, and a reset destroys what was sent last. It closes the socket when the
 * peer closes, is silent for too long, or has had its time ({@link EndLimits}). If the peer has ended first, or a write is blocked, it
 * closes the socket at once. A blocked read ends when the peer sends something or ends, at the latest when the socket is closed.
 *
 * <p>A connection that is {@linkplain Reuse reused} carries one {@link DataStream} after the other. Its reading thread calls {@link
 * #awaitStreamEnd} after each, and {@link #ready} before the next.
 */
public final class WebSocketStream implements ByteStream {
    /** For the head of the answer. Longer reads bypass it. */
    private static final int INPUT_BUFFER = 1024;

    private static final int MAX_PENDING_PONGS = 16;

    /**
     * What a peer gets once this side has ended.
     *
     * @param silence how long it may send nothing
     * @param longest how long it has in all
     */
    private record EndLimits(Duration silence, Duration longest) {}

    private static final EndLimits LIMITS = new EndLimits(Duration.ofSeconds(5), Duration.ofSeconds(30));

    /** For a peer that promised pings: they show that it lives while it still reads what is queued. */
    private static final EndLimits LIMITS_WITH_PINGS = new EndLimits(DataKeepAlive.SILENCE, Duration.ofMinutes(5));

    private static final int DROP_BUFFER = 4 * 1024;
    private static final int BYTES_BETWEEN_PAUSES = 16 * 1024;
    private static final Duration DROP_PAUSE = Duration.ofMillis(1);
    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int POLICY_VIOLATION = 1008;
    private static final int INTERNAL_ERROR = 1011;

    private static final Logger log = LoggerFactory.getLogger(WebSocketStream.class);

    private final Wire wire;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final BufferedSource source;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch socketClosed = new CountDownLatch(1);
    private final AtomicBoolean controlFramesScheduled = new AtomicBoolean();
    private final BlockingQueue<byte[]> pendingPongs = new ArrayBlockingQueue<>(MAX_PENDING_PONGS);
    private final DataKeepAlive keepAlive;
    private final KeepAliveTimer peerCheck;

    private volatile StreamLog about = StreamLog.current();
    private volatile boolean pingDue;
    private volatile boolean writingData;
    private volatile boolean peerEnded;
    private volatile int closeCode = NORMAL;

    private final EndLimits limits;
    private final boolean reusable;
    /** Whether the control plane has begun the present stream. */
    private volatile boolean begun;
    /** Whether this side has ended the present stream. */
    private final AtomicBoolean streamClosed = new AtomicBoolean();

    private volatile boolean endWritten;
    /** Null if no {@link #checkEnd} is due. It stays when a stream has ended, for the next one: a timer for each would cost more. */
    private volatile @Nullable ScheduledFuture<?> endCheck;
    // Both guarded by streamClosed.
    /** Whether this side has ended the stream, and the peer has not. */
    private boolean endAwaited;

    private long endedAt;
    // Both belong to the reading thread.
    private int droppedSincePause;
    private Runnable onBegin = () -> {};

    /**
     * @param source reads from {@code wire}
     * @param nanoTime the clock that {@code timers} goes by
     * @param promise the peer's {@link DataKeepAlive#HEADER}, empty if it sent none
     * @param reusable whether the peer has agreed to {@link Reuse}
     */
    WebSocketStream(
            Wire wire,
            BufferedSource source,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            String promise,
            boolean reusable)
            throws IOException {
        this.wire = wire;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.source = source;
        this.reusable = reusable;
        this.keepAlive = new DataKeepAlive(promise, nanoTime);
        this.limits = keepAlive.isPromised() ? LIMITS_WITH_PINGS : LIMITS;
        this.peerCheck =
                new KeepAliveTimer(keepAlive, timers, () -> writingData, this::pingPeer, this::peerHasVanished);
        this.reader = new FrameReader(
                target -> readInto(source, target),
                false,
                this::onPing,
                payload -> keepAlive.pongReceived(ByteBuffer.wrap(payload)),
                new FrameBudget(nanoTime)::takeFrame,
                reusable ? this::takeText : null);
        OutputStream out = wire.output();
        this.writer = FrameWriter.masked(parts -> writeTo(out, parts));
    }

    private static int readInto(BufferedSource source, ByteBuffer target) throws IOException {
        int count = source.read(target.array(), target.arrayOffset() + target.position(), target.remaining());
        target.position(target.position() + Math.max(count, 0));
        return count;
    }

    private static void writeTo(OutputStream out, ByteBuffer... parts) throws IOException {
        for (ByteBuffer part : parts) {
            out.write(part.array(), part.arrayOffset() + part.position(), part.remaining());
        }
        out.flush();
    }

    /** Unknown messages are ignored. On the reading thread. */
    private boolean takeText(String message) {
        if (message.startsWith(Reuse.BEGIN)) {
            begins(message.substring(Reuse.BEGIN.length()));
        }
        return message.equals(Reuse.END);
    }

    static BufferedSource source(Wire wire) throws IOException {
        return new BufferedSource(wire.input()::read, INPUT_BUFFER);
    }

    /** From now on sends pings as {@link DataKeepAlive} decides, and closes if the peer has vanished, within 60 s. */
    public void keepAlive() {
        peerCheck.start();
    }

    @Override
    public void logAs(StreamLog about) {
        this.about = about;
    }

    private void pingPeer() {
        pingDue = true;
        sendControlFrames();
    }

    private void peerHasVanished() {
        about.run(() -> log.info(
                "A data connection is closed: nothing came from the control plane for {} s",
                DataKeepAlive.SILENCE.toSeconds()));
        wire.cut();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!reading.tryLock()) {
            throw new SocketException("closed"); // the close handshake is reading
        }
        try {
            if (closed.get()) {
                throw new SocketException("closed");
            }
            keepAlive.awaitingBytes();
            int count;
            do {
                count = reader.read(buffer, offset, length);
            } while (count >= 0 && !closed.get() && isDropped(count));
            if (count < 0 && !reader.isPaused()) {
                peerEnded = true;
            }
            if (closed.get()) {
                throw new SocketException("closed");
            }
            return count;
        } catch (FloodException e) {
            closeCode = POLICY_VIOLATION;
            about.run(() -> log.info("A data connection is closed: the control plane sent {}", FrameBudget.EXCEEDED));
            throw e;
        } catch (ProtocolException e) {
            closeCode = PROTOCOL_ERROR;
            throw e;
        } catch (IOException e) {
            if (!closed.get()) {
                peerEnded = true;
            }
            throw e;
        } finally {
            keepAlive.bytesReceived();
            reading.unlock();
        }
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        writing.lock();
        try {
            if (closed.get()) {
                throw new SocketException("closed");
            }
            writingData = true;
            writeControlFrames();
            keepAlive.dataSent();
            writer.binary(buffer, offset, length);
            keepAlive.dataSent();
        } finally {
            writingData = false;
            writing.unlock();
        }
    }

    /** What still comes of a stream that this side has ended is dropped. */
    private boolean isDropped(int count) throws InterruptedIOException {
        if (!streamClosed.get()) {
            return false;
        }
        keepAlive.awaitingBytes();
        droppedSincePause += count;
        if (droppedSincePause >= BYTES_BETWEEN_PAUSES) {
            droppedSincePause = 0;
            try {
                Thread.sleep(DROP_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
        return true;
    }

    /** On the reading thread. */
    private void begins(String dialId) {
        if (!begun) {
            begun = true;
            onBegin.run();
        }
        about = StreamLog.ofDial(dialId);
        about.set();
    }

    /**
     * The stream that the connection carries now.
     *
     * @param inUse called once when the control plane has begun it, on the reading thread; now, if the connection carries only one
     */
    public DataStream stream(Runnable inUse) {
        onBegin = inUse;
        if (!reusable) {
            inUse.run();
        }
        return new DataStream(this);
    }

    /**
     * Ends the present stream, and the connection only if it can't carry another one: it is not reusable, the stream broke, was
     * never begun, or the peer takes no bytes. Waits while the end doesn't fit into the socket. Idempotent.
     */
    void closeStream() {
        if (!streamClosed.compareAndSet(false, true)) {
            return;
        }
        if (!reusable || !begun || closed.get() || peerEnded || closeCode != NORMAL || writingData) {
            close();
            return;
        }
        synchronized (streamClosed) {
            endAwaited = true;
            endedAt = nanoTime.getAsLong();
            if (endCheck == null) {
                endCheck = timers.schedule(this::checkEnd, limits.silence().toNanos(), TimeUnit.NANOSECONDS);
            }
        }
        writing.lock();
        try {
            writer.text(Reuse.END);
            endWritten = true;
        } catch (IOException e) {
            close();
        } finally {
            writing.unlock();
        }
    }

    /** A peer that hasn't ended the stream as well gets the time of a close handshake. */
    private void checkEnd() {
        synchronized (streamClosed) { // a check that comes too late must not close the next stream's connection
            endCheck = null;
            if (!endAwaited) {
                return;
            }
            long left = (endWritten ? limits.silence() : limits.longest()).toNanos() - (nanoTime.getAsLong() - endedAt);
            if (left > 0) {
                endCheck = timers.schedule(this::checkEnd, left, TimeUnit.NANOSECONDS);
            } else if (endWritten) {
                close();
            } else {
                wire.cut();
            }
        }
    }

    /**
     * Call when nobody reads the present stream any more.
     *
     * @return whether both sides have ended it in order, so that {@link #ready} may follow; if not, the connection is closed or
     *     closing
     */
    public boolean awaitStreamEnd() {
        if (!streamClosed.get() || !endWritten || closed.get()) {
            return false;
        }
        try {
            byte[] dropped = new byte[DROP_BUFFER];
            while (!reader.isPaused()) {
                if (read(dropped, 0, dropped.length) < 0 && !reader.isPaused()) {
                    close();
                    return false;
                }
            }
        } catch (IOException e) {
            close();
            return false;
        } finally {
            synchronized (streamClosed) {
                endAwaited = false;
            }
        }
        return !closed.get() && closeCode == NORMAL;
    }

    /** Offers the next stream. */
    public void ready() throws IOException {
        reader.resume();
        begun = false;
        endWritten = false;
        streamClosed.set(false);
        writing.lock();
        try {
            if (closed.get()) {
                throw new SocketException("closed");
            }
            writer.text(Reuse.READY);
            keepAlive.dataSent();
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            stopChecks();
            Thread.ofVirtual().name("websocket-close").start(this::closeInOrder);
        }
    }

    /** Makes {@link #close} send code 1011: the bytes written are not all, because their source broke. */
    public void sourceBroke() {
        if (!closed.get() && !streamClosed.get()) {
            closeCode = INTERNAL_ERROR;
        }
    }

    /** Waits, after {@link #close}, until the socket is closed. */
    @Override
    public void awaitClosed() throws InterruptedException {
        socketClosed.await();
    }

    /** Closes the socket at once, without a close frame. */
    public void cut() {
        closed.set(true);
        stopChecks();
        wire.cut();
        socketClosed.countDown();
    }

    private void stopChecks() {
        peerCheck.stop();
        ScheduledFuture<?> check = endCheck;
        if (check != null) {
            check.cancel(false);
        }
    }

    private void closeInOrder() {
        var deadline = Deadline.in(limits.longest(), timers);
        try (var _ = deadline.guard(wire::cut)) {
            if (!writingData && writing.tryLock(LIMITS.silence().toSeconds(), TimeUnit.SECONDS)) {
                try {
                    if (!peerEnded || reader.endedByCloseFrame()) {
                        writer.close(closeCode, "");
                    }
                } finally {
                    writing.unlock();
                }
                if (!peerEnded && (closeCode == NORMAL || closeCode == INTERNAL_ERROR)) {
                    dropInput(deadline);
                }
                wire.end();
            }
        } catch (IOException e) {
            // the peer has closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            wire.cut();
            socketClosed.countDown();
        }
    }

    private void dropInput(Deadline deadline) throws IOException, InterruptedException {
        try (var _ = deadline.atMost(limits.silence()).guard(wire::cut)) {
            reading.lock(); // a blocked read releases it when something comes
        }
        try {
            try {
                dropAll(reader::read, deadline);
            } catch (ProtocolException e) { // what comes now makes no sense as frames
                dropAll(source::read, deadline);
            }
        } finally {
            reading.unlock();
        }
    }

    /** Reads until the peer ends, is silent for too long, or the deadline passes. */
    private void dropAll(BufferedSource.Reader from, Deadline deadline) throws IOException, InterruptedException {
        byte[] dropped = new byte[DROP_BUFFER];
        int sincePause = 0;
        while (true) {
            try (var _ = deadline.atMost(limits.silence()).guard(wire::cut)) {
                int count = from.read(dropped, 0, dropped.length);
                if (count < 0) {
                    return;
                }
                sincePause += count;
            }
            if (sincePause >= BYTES_BETWEEN_PAUSES) {
                sincePause = 0;
                Thread.sleep(DROP_PAUSE);
            }
        }
    }

    private void onPing(byte[] payload) {
        keepAlive.controlFrameReceived();
        while (!pendingPongs.offer(payload)) {
            pendingPongs.poll();
        }
        sendControlFrames();
    }

    /** On a thread of its own: a write that is under way may wait for the peer. */
    private void sendControlFrames() {
        if (controlFramesScheduled.compareAndSet(false, true)) {
            Thread.ofVirtual().name("websocket-control-frames").start(() -> {
                writing.lock();
                try {
                    controlFramesScheduled.set(false);
                    if (!closed.get()) {
                        writeControlFrames();
                    }
                } catch (IOException e) {
                    wire.cut(); // the next read reports why
                } finally {
                    writing.unlock();
                }
            });
        }
    }

    private void writeControlFrames() throws IOException {
        if (pingDue) {
            pingDue = false;
            writer.ping(keepAlive.nextPing());
        }
        byte @Nullable [] payload;
        while ((payload = pendingPongs.poll()) != null) {
            writer.pong(payload);
        }
    }
}

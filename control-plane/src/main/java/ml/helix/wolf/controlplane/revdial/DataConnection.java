package ml.helix.wolf.controlplane.revdial;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.http.PeerChannel;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.EndedStreamException;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.KeepAliveTimer;
import ml.helix.wolf.revdial.Reuse;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.revdial.TimeSlice;
import ml.helix.wolf.websocket.FloodException;
import ml.helix.wolf.websocket.FrameReader;
import ml.helix.wolf.websocket.FrameWriter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data connection after its upgrade, as a blocking stream of the bytes in its frames. Whoever reads the stream reads the socket, and a
 * write returns when the socket has taken it. So TCP pushes back both ways, and no byte waits for another thread. While nobody reads and
 * something has to be noticed, {@link #readAhead} does.
 *
 * <p>A close frame of any code but 1011 is the end of the stream. So is a bare FIN, unless the peer is one that always sends a close frame.
 * A reset or 1011 breaks the stream.
 *
 * <p>A connection that is {@linkplain Reuse reused} carries one {@link OneStream} after the other; without it, the connection itself is the
 * stream.
 *
 * <p>{@link #close} sends a close frame after what was written, and gives the peer {@link #LINGER} to take it all and to close as well. If
 * a write still waits for the peer, {@code close} cuts the connection at once. If a read waits, {@code close} cuts the connection unless
 * something comes within {@link #SILENCE}: Java ends a blocked read in no other way.
 */
final class DataConnection implements ByteStream {
    static final Duration LINGER = Duration.ofSeconds(30);

    /** How long a read that waits at the close may go on without a byte. */
    static final Duration SILENCE = Duration.ofSeconds(5);

    /** How long a peer that broke the rules has to take the close frame. */
    static final Duration REFUSED_LINGER = Duration.ofSeconds(5);

    /** A connection that is older carries no other stream, so that its token is looked at again. */
    static final Duration REUSED_FOR = Duration.ofSeconds(60);

    private static final int DROP_BUFFER = 16 * 1024;
    /** At most 16 MiB a second are dropped. */
    private static final Duration DROP_PAUSE = Duration.ofMillis(1);

    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int POLICY_VIOLATION = 1008;
    private static final int INTERNAL_ERROR = 1011;
    private static final Logger log = LoggerFactory.getLogger(DataConnection.class);

    private final PeerChannel channel;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final boolean closeFrameRequired;
    private final @Nullable Next next;
    private final Consumer<DataConnection> onClosed;
    private final long createdAt;
    private final DataKeepAlive keepAlive;
    private final KeepAliveTimer peerCheck;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean controlFramesScheduled = new AtomicBoolean();

    // Both guarded by reading.
    private final TimeSlice receiving;
    private @Nullable IOException failure;

    /** Guarded by writing. */
    private final TimeSlice sending;

    private volatile StreamLog about = StreamLog.current();
    /** The payload of the newest ping that is not answered. */
    private volatile byte @Nullable [] pingPayload;

    private volatile boolean pingDue;
    /** Whether a write of data is under way. */
    private volatile boolean writingData;

    // All guarded by this.
    private boolean peerEnded;
    private boolean closed;
    private boolean readingAhead;
    private int closeCode = NORMAL;
    private String closeReason = "";
    private @Nullable OneStream present;
    private @Nullable Runnable watch;
    private @Nullable ScheduledFuture<?> linger;
    /** Whether the agent has only {@link #SILENCE}, because a read waits. */
    private boolean readWaits;

    /** Gets each stream of a reused connection but the first. */
    @FunctionalInterface
    interface Next {
        /** @param stream closed by the receiver if it has no use for it; must not block */
        void offered(String dialId, ByteStream stream);
    }

    /**
     * @param first what the peer has sent already
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param promise the agent's {@link DataKeepAlive#HEADER}, empty if it sent none
     * @param closeFrameRequired for a peer that always sends a close frame: an end without one breaks the stream
     * @param next for a connection that is reused
     * @param onClosed gets this when the socket is closed, and each time it is closed again
     */
    DataConnection(
            PeerChannel channel,
            ByteBuffer first,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            String promise,
            boolean closeFrameRequired,
            @Nullable Next next,
            Consumer<DataConnection> onClosed) {
        this.channel = channel;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.closeFrameRequired = closeFrameRequired;
        this.next = next;
        this.onClosed = onClosed;
        this.createdAt = nanoTime.getAsLong();
        this.receiving = new TimeSlice(nanoTime);
        this.sending = new TimeSlice(nanoTime);
        this.keepAlive = new DataKeepAlive(promise, nanoTime);
        this.peerCheck =
                new KeepAliveTimer(keepAlive, timers, () -> writingData, this::pingPeer, this::peerHasVanished);
        this.reader = new FrameReader(
                target -> receive(first, target),
                true,
                this::answerPing,
                payload -> keepAlive.pongReceived(ByteBuffer.wrap(payload)),
                new FrameBudget(nanoTime)::takeFrame,
                next == null ? null : text -> takeText(text, next));
        this.writer = FrameWriter.unmasked(channel::write);
    }

    /** Begins to send pings. Returns the first stream. Call once. */
    ByteStream open() {
        peerCheck.start();
        return next == null ? this : newStream(about.dial());
    }

    private int receive(ByteBuffer first, ByteBuffer target) throws IOException {
        if (!first.hasRemaining()) {
            return channel.read(target);
        }
        int count = Math.min(first.remaining(), target.remaining());
        target.put(first.slice().limit(count));
        first.position(first.position() + count);
        return count;
    }

    @Override
    public void logAs(StreamLog newer) {
        about = newer;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return read(null, buffer, offset, length);
    }

    /** @param reading the stream that is read; null for the connection itself */
    private int read(@Nullable OneStream stream, byte[] buffer, int offset, int length) throws IOException {
        refuseIfClosed(stream); // before the lock: the reading ahead may hold it
        reading.lock();
        try {
            refuseIfClosed(stream);
            int count = receive(buffer, offset, length);
            refuseIfClosed(stream);
            return count;
        } finally {
            reading.unlock();
        }
    }

    /** Holds {@link #reading}. */
    private int receive(byte[] buffer, int offset, int length) throws IOException {
        if (failure != null) {
            throw brokenBy(failure);
        }
        keepAlive.awaitingBytes();
        try {
            int count = reader.read(buffer, offset, length);
            if (count < 0) {
                end();
            }
            receiving.next();
            return count;
        } catch (IOException e) {
            broken(e);
            throw brokenBy(failure == null ? e : failure);
        } finally {
            keepAlive.bytesReceived();
        }
    }

    private static IOException brokenBy(IOException cause) {
        return new IOException("the data connection broke: " + cause.getMessage(), cause);
    }

    private synchronized void refuseIfClosed(@Nullable OneStream stream) throws IOException {
        if (closed || stream != null && stream.over) {
            throw new IOException("the data connection was closed");
        }
    }

    /** Holds {@link #reading}. Throws if the end of the reading is none of the stream. */
    private void end() throws IOException {
        if (reader.isPaused()) {
            return;
        }
        synchronized (this) {
            peerEnded = true;
        }
        if (reader.endedByCloseFrame() ? reader.closeCode() == INTERNAL_ERROR : closeFrameRequired) {
            throw new IOException(
                    reader.endedByCloseFrame()
                            ? "the agent closed it with an error"
                            : "the agent ended it without a close frame");
        }
    }

    /** Holds {@link #reading}. */
    private void broken(IOException cause) {
        synchronized (this) {
            if (closed) {
                return;
            }
            peerEnded = true;
        }
        failure = cause instanceof FloodException
                ? new ProtocolException("the agent sent " + FrameBudget.EXCEEDED)
                : cause;
        if (cause instanceof FloodException) {
            refuse(POLICY_VIOLATION, "sent " + FrameBudget.EXCEEDED);
        } else if (cause instanceof ProtocolException) {
            refuse(PROTOCOL_ERROR, "broke the protocol: " + cause.getMessage());
        }
    }

    private void refuse(int code, String what) {
        about.run(() -> log.info("A data connection is closed: the agent {}", what));
        synchronized (this) {
            closeCode = code;
            closeReason = "you " + what;
        }
        close();
    }

    @Override
    public boolean watch(Runnable touched) {
        synchronized (this) {
            watch = touched;
        }
        Thread.ofVirtual().name("data-ahead").start(this::readAhead);
        return true;
    }

    /** Reads until there is something for the reader of the present stream. What belongs to the one before is dropped. */
    private void readAhead() {
        synchronized (this) {
            if (readingAhead) {
                return;
            }
            readingAhead = true;
        }
        reading.lock();
        try {
            extendLinger();
            keepAlive.awaitingBytes();
            int dropped = 0;
            while (true) {
                boolean data = reader.await();
                boolean ended = !data && !reader.isPaused();
                synchronized (this) {
                    if (ended || closed || present == null || !present.over) {
                        readingAhead = false;
                        break;
                    }
                }
                if (data) {
                    ByteBuffer bytes = reader.next();
                    dropped += bytes == null ? 0 : bytes.remaining();
                    if (dropped >= DROP_BUFFER) {
                        dropped = 0;
                        Thread.sleep(DROP_PAUSE);
                    }
                } else {
                    reader.resume();
                }
            }
            if (!reader.await()) {
                end();
            }
        } catch (IOException e) {
            broken(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            keepAlive.bytesReceived();
            reading.unlock();
            ahead();
        }
    }

    /** The reading ahead is over. */
    private void ahead() {
        Runnable touched;
        boolean needless;
        synchronized (this) {
            touched = watch;
            watch = null;
            needless = peerEnded && present != null && present.over;
        }
        if (touched != null) {
            touched.run();
        }
        if (needless) {
            close();
        }
    }

    private OneStream newStream(String dialId) {
        var stream = new OneStream(dialId);
        synchronized (this) {
            present = stream;
        }
        return stream;
    }

    /** Unknown messages are ignored. On the thread that reads. Returns whether the stream has ended. */
    private boolean takeText(String message, Next receiver) {
        keepAlive.controlFrameReceived();
        if (message.equals(Reuse.END)) {
            synchronized (this) {
                if (present != null) {
                    present.endedByPeer = true;
                }
            }
            return true;
        }
        if (message.equals(Reuse.READY)) {
            synchronized (this) {
                if (closed || present == null || !present.over || !present.endedByPeer) {
                    return false;
                }
                stopLingering();
            }
            String dialId = DialerIds.requestId();
            about = StreamLog.ofDial(dialId);
            receiver.offered(dialId, newStream(dialId));
        }
        return false;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        write(null, buffer, offset, length);
    }

    private void write(@Nullable OneStream stream, byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return;
        }
        writing.lock();
        try {
            boolean first = false;
            synchronized (this) {
                if (closed || peerEnded || stream != null && (stream.over || stream.endedByPeer)) {
                    throw new EndedStreamException("the data connection is closed");
                }
                writingData = true;
                if (stream != null) {
                    first = !stream.begun;
                    stream.begun = true;
                }
            }
            writeControlFrames();
            keepAlive.dataSent();
            if (stream != null && first) {
                writer.textAndBinary(Reuse.BEGIN + stream.dialId, buffer, offset, length);
            } else {
                writer.binary(buffer, offset, length);
            }
            keepAlive.dataSent();
            sending.next();
        } catch (EndedStreamException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("the data connection broke", e);
        } finally {
            writingData = false;
            writing.unlock();
        }
    }

    /** Never waits: if reading waited for a pong behind a blocked write, the other direction would stop too. */
    private void answerPing(byte[] payload) {
        keepAlive.controlFrameReceived();
        pingPayload = payload;
        sendControlFrames();
    }

    private void sendControlFrames() {
        if (controlFramesScheduled.compareAndSet(false, true)) {
            Thread.ofVirtual().name("data-control-frames").start(() -> {
                writing.lock();
                try {
                    controlFramesScheduled.set(false);
                    if (!isClosed()) {
                        writeControlFrames();
                    }
                } catch (IOException e) {
                    log.debug("The peer takes no control frame", e); // whoever reads or writes sees why
                } finally {
                    writing.unlock();
                }
            });
        }
    }

    /** Holds {@link #writing}. */
    private void writeControlFrames() throws IOException {
        if (pingDue) {
            pingDue = false;
            writer.ping(keepAlive.nextPing());
        }
        byte[] payload = pingPayload;
        if (payload != null) {
            pingPayload = null;
            writer.pong(payload);
        }
    }

    private synchronized boolean peerHasEnded() {
        return peerEnded;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void pingPeer() {
        pingDue = true;
        sendControlFrames();
    }

    private void peerHasVanished() {
        about.run(() -> log.info(
                "A data connection is closed: nothing came from the agent for {} s",
                DataKeepAlive.SILENCE.toSeconds()));
        cut();
    }

    /** The agent's end has {@link #LINGER} to come, or {@link #SILENCE} while a read waits. Holds the monitor. */
    private void startLingering() {
        readWaits = reading.isLocked();
        startLingering(readWaits ? SILENCE : LINGER);
    }

    /** The agent's end has that long to come. Holds the monitor. */
    private void startLingering(Duration time) {
        linger = timers.schedule(this::cut, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** No read waits any more, so the agent's end has {@link #LINGER} to come. Holds {@link #reading}. */
    private synchronized void extendLinger() {
        if (readWaits && linger != null) {
            stopLingering();
            startLingering(LINGER);
        }
        readWaits = false;
    }

    /** Holds the monitor. */
    private void stopLingering() {
        if (linger != null) {
            linger.cancel(false);
            linger = null;
        }
    }

    /** Holds the monitor. */
    private void stopTimers() {
        stopLingering();
        peerCheck.stop();
    }

    @Override
    public void close() {
        boolean refused;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            refused = closeCode != NORMAL;
            stopTimers();
            if (refused) {
                startLingering(REFUSED_LINGER);
            } else {
                startLingering();
            }
        }
        if (writingData) {
            cut();
        } else {
            Thread.ofVirtual().name("data-close").start(() -> closeInOrder(refused));
        }
    }

    /** Closes the socket at once, without a close frame. */
    void cut() {
        synchronized (this) {
            closed = true;
            stopTimers();
        }
        channel.close();
        onClosed.accept(this);
    }

    private void closeInOrder(boolean refused) {
        try {
            writing.lock();
            try {
                writer.close(closeCode, closeReason);
                channel.shutdownOutput();
            } finally {
                writing.unlock();
            }
            if (refused || !peerHasEnded()) {
                dropInput(refused);
            }
        } catch (IOException e) {
            log.debug("The peer has closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            cut();
        }
    }

    /** A socket that is closed with unread input is reset, which destroys what was sent last. */
    private void dropInput(boolean refused) throws IOException, InterruptedException {
        reading.lock(); // a read that waits ends when something comes, or by the cut
        try {
            if (failure != null && !refused || reader.endedByCloseFrame()) {
                return;
            }
            extendLinger();
            ByteBuffer dropped = ByteBuffer.allocate(DROP_BUFFER);
            while (channel.read(dropped) >= 0) {
                if (!dropped.hasRemaining()) {
                    dropped.clear();
                    Thread.sleep(DROP_PAUSE);
                }
            }
        } finally {
            reading.unlock();
        }
    }

    /**
     * One of the streams of a reused connection. {@link #close} ends the stream in order, and the connection if it can't carry
     * another one: the stream broke or was never begun, the agent takes no bytes, or the connection is too old.
     */
    private final class OneStream implements ByteStream {
        private final String dialId;
        // All guarded by the connection.
        private boolean begun;
        private boolean over;
        private boolean endedByPeer;

        OneStream(String dialId) {
            this.dialId = dialId;
        }

        @Override
        public void logAs(StreamLog newer) {
            DataConnection.this.logAs(newer);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return DataConnection.this.read(this, buffer, offset, length);
        }

        @Override
        public boolean watch(Runnable touched) {
            return DataConnection.this.watch(touched);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            DataConnection.this.write(this, buffer, offset, length);
        }

        @Override
        public void close() {
            boolean reusable;
            synchronized (DataConnection.this) {
                if (over) {
                    return;
                }
                over = true;
                boolean young = nanoTime.getAsLong() - createdAt < REUSED_FOR.toNanos();
                reusable = begun && young && !writingData && !closed && !peerEnded;
                if (reusable) {
                    startLingering();
                }
            }
            if (!reusable) {
                DataConnection.this.close();
                return;
            }
            Thread.ofVirtual().name("data-end").start(this::sayEnd);
        }

        private void sayEnd() {
            writing.lock();
            try {
                writer.text(Reuse.END);
            } catch (IOException e) {
                log.debug("The peer has closed", e);
                cut();
                return;
            } finally {
                writing.unlock();
            }
            readAhead();
        }
    }
}

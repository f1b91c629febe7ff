package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WebSocket after its upgrade, as a stream of bytes. Between socket and caller there is one buffer per direction and
 * no queue, so TCP itself pushes back.
 *
 * <p>Pings are answered by a thread of their own: a reader that waited for a blocked writer would deadlock with a peer
 * that does the same. The newest {@value #PONGS_KEPT} are kept where they can't be sent.
 *
 * <p>{@link #close} says goodbye in the background: a close frame, then what the peer still sends is read and dropped
 * until it closes too, is silent for {@value #SILENCE_SECONDS} s, or after {@value #LONGEST_SECONDS} s, at most 16 MiB a
 * second. Closing a socket with unread bytes would reset it, and a reset destroys what was sent last. Where the peer has
 * ended first, or a write is under way, the socket is closed at once. Blocked reads and writes end at once in any case.
 */
public final class WebSocketStream implements ByteStream {
    private static final int INPUT_BUFFER = 8 * 1024;
    private static final int PONGS_KEPT = 16;
    private static final int SILENCE_SECONDS = 5;
    private static final int LONGEST_SECONDS = 30;
    private static final int DROPPED_AT_ONCE = 16 * 1024;
    private static final Duration PAUSE = Duration.ofMillis(1);
    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int POLICY_VIOLATION = 1008;

    private static final Logger log = LoggerFactory.getLogger(WebSocketStream.class);

    private final Wire wire;
    private final WakingInput input;
    private final ScheduledExecutorService timers;
    private final BufferedSource source;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean answering = new AtomicBoolean();
    private final CountDownLatch gone = new CountDownLatch(1);
    private final Deque<byte[]> pings = new ArrayDeque<>(); // guarded by itself
    private final DataKeepAlive keepAlive;

    private volatile boolean dataUnderWay;
    private volatile boolean pingDue;
    private volatile @Nullable ScheduledFuture<?> nextCheck;
    private volatile boolean peerEnded;
    private volatile int closeCode = NORMAL;

    /**
     * @param source reads from {@code input}, which reads from {@code wire}
     * @param nanoTime the clock that {@code timers} goes by
     * @param promise the peer's {@link DataKeepAlive#HEADER}, empty where it sent none
     */
    WebSocketStream(
            Wire wire,
            WakingInput input,
            BufferedSource source,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            String promise)
            throws IOException {
        this.wire = wire;
        this.input = input;
        this.timers = timers;
        this.source = source;
        this.keepAlive = new DataKeepAlive(promise, nanoTime);
        this.reader = new FrameReader(
                source,
                this::ping,
                payload -> keepAlive.pongReceived(ByteBuffer.wrap(payload)),
                new FrameBudget(nanoTime));
        this.writer = new FrameWriter(wire.output());
    }

    static BufferedSource source(WakingInput input) {
        return new BufferedSource(input, INPUT_BUFFER);
    }

    /** From now on a ping is sent when nothing else was for 15 s, and a peer that has vanished is noticed within 60 s. */
    public void keepAlive() {
        nextCheck = timers.schedule(this::check, keepAlive.untilNextStep().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void check() {
        if (closed.get()) {
            return;
        }
        if (dataUnderWay) {
            keepAlive.dataSent();
        }
        switch (keepAlive.nextStep()) {
            case NOTHING -> {}
            case PING -> {
                pingDue = true;
                sendControlFrames();
            }
            case CUT -> {
                log.info(
                        "A data connection is closed: nothing came from the control plane for {} s",
                        DataKeepAlive.SILENCE.toSeconds());
                wire.cut();
                return;
            }
        }
        keepAlive();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!reading.tryLock()) {
            throw new SocketException("closed"); // and the goodbye reads
        }
        try {
            if (closed.get()) {
                throw new SocketException("closed");
            }
            keepAlive.awaitingBytes();
            int count = reader.read(buffer, offset, length);
            if (count < 0) {
                peerEnded = true;
            }
            return count;
        } catch (FloodException e) {
            closeCode = POLICY_VIOLATION;
            log.info("A data connection is closed: {}", e.getMessage());
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
            dataUnderWay = true;
            writeControlFrames();
            keepAlive.dataSent();
            writer.binary(buffer, offset, length);
            keepAlive.dataSent();
        } finally {
            dataUnderWay = false;
            writing.unlock();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            stopChecks();
            input.wake();
            Thread.ofVirtual().name("websocket-close").start(this::farewell);
        }
    }

    /** Waits, after {@link #close}, until the goodbye is over and the socket closed. */
    public void awaitClosed() throws InterruptedException {
        gone.await();
    }

    /** Closes the socket at once, for the end of the process. */
    public void cut() {
        closed.set(true);
        stopChecks();
        input.wake();
        wire.cut();
        gone.countDown();
    }

    private void stopChecks() {
        ScheduledFuture<?> check = nextCheck;
        if (check != null) {
            check.cancel(false);
        }
    }

    private void farewell() {
        var deadline = Deadline.in(Duration.ofSeconds(LONGEST_SECONDS), timers);
        try (var _ = deadline.guard(wire::cut)) {
            if (!dataUnderWay && writing.tryLock(SILENCE_SECONDS, TimeUnit.SECONDS)) {
                try {
                    if (!peerEnded || reader.endedByCloseFrame()) {
                        writer.close(closeCode);
                    }
                } finally {
                    writing.unlock();
                }
                drain(deadline);
                wire.end();
            }
        } catch (IOException e) {
            // the peer is gone already
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            wire.cut();
            gone.countDown();
        }
    }

    private void drain(Deadline deadline) throws IOException, InterruptedException {
        if (peerEnded || closeCode != NORMAL) {
            return;
        }
        reading.lock();
        try {
            input.resume();
            byte[] dropped = new byte[DROPPED_AT_ONCE];
            try {
                dropAll(reader::read, dropped, deadline);
            } catch (ProtocolException e) { // the read that was ended may have had half of a frame's head
                dropAll(source::read, dropped, deadline);
            }
        } finally {
            reading.unlock();
        }
    }

    private interface Source {
        int read(byte[] target, int offset, int length) throws IOException;
    }

    /** Reads on to the peer's end, its silence or the deadline. */
    private void dropAll(Source from, byte[] dropped, Deadline deadline) throws IOException, InterruptedException {
        long sincePause = 0;
        while (true) {
            try (var _ = deadline.atMost(Duration.ofSeconds(SILENCE_SECONDS)).guard(wire::cut)) {
                int count = from.read(dropped, 0, dropped.length);
                if (count < 0) {
                    return;
                }
                sincePause += count;
            }
            if (sincePause >= dropped.length) {
                sincePause = 0;
                Thread.sleep(PAUSE);
            }
        }
    }

    private void ping(byte[] payload) {
        keepAlive.controlFrameReceived();
        synchronized (pings) {
            if (pings.size() == PONGS_KEPT) {
                pings.removeFirst();
            }
            pings.addLast(payload);
        }
        sendControlFrames();
    }

    /** On a thread of its own: a write that is under way may wait for the peer. */
    private void sendControlFrames() {
        if (answering.compareAndSet(false, true)) {
            Thread.ofVirtual().name("websocket-control-frames").start(() -> {
                writing.lock();
                try {
                    answering.set(false);
                    if (!closed.get()) {
                        writeControlFrames();
                    }
                } catch (IOException e) {
                    wire.cut(); // the reader says why
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
        while ((payload = nextPing()) != null) {
            writer.pong(payload);
        }
    }

    private byte @Nullable [] nextPing() {
        synchronized (pings) {
            return pings.pollFirst();
        }
    }
}

package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.revdial.ByteStream;
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
 * until it closes too, for {@value #LINGER_SECONDS} s at most. Closing a socket with unread bytes would reset it, and a
 * reset destroys what was sent last. Where the peer has ended first, or a write is under way, the socket is closed at
 * once. Blocked reads and writes end at once in any case.
 */
public final class WebSocketStream implements ByteStream {
    private static final int INPUT_BUFFER = 8 * 1024;
    private static final int PONGS_KEPT = 16;
    private static final int LINGER_SECONDS = 5;
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

    private volatile boolean dataUnderWay;
    private volatile boolean peerEnded;
    private volatile int closeCode = NORMAL;

    /** @param source reads from {@code input}, which reads from {@code wire} */
    WebSocketStream(Wire wire, WakingInput input, BufferedSource source, ScheduledExecutorService timers)
            throws IOException {
        this.wire = wire;
        this.input = input;
        this.timers = timers;
        this.source = source;
        this.reader = new FrameReader(source, this::ping, new FrameBudget(System::nanoTime));
        this.writer = new FrameWriter(wire.output());
    }

    static BufferedSource source(WakingInput input) {
        return new BufferedSource(input, INPUT_BUFFER);
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
            answerPings();
            writer.binary(buffer, offset, length);
        } finally {
            dataUnderWay = false;
            writing.unlock();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
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
        input.wake();
        wire.cut();
        gone.countDown();
    }

    private void farewell() {
        var deadline = Deadline.in(Duration.ofSeconds(LINGER_SECONDS), timers);
        try (var _ = deadline.guard(wire::cut)) {
            if (!dataUnderWay && writing.tryLock(LINGER_SECONDS, TimeUnit.SECONDS)) {
                try {
                    if (!peerEnded || reader.endedByCloseFrame()) {
                        writer.close(closeCode);
                    }
                } finally {
                    writing.unlock();
                }
                drain();
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

    private void drain() throws IOException {
        if (peerEnded || closeCode != NORMAL) {
            return;
        }
        reading.lock();
        try {
            input.resume();
            byte[] dropped = new byte[1024];
            try {
                while (!peerEnded && reader.read(dropped, 0, dropped.length) > 0) {
                    // on to the peer's end
                }
            } catch (ProtocolException e) { // the read that was ended may have had half of a frame's head
                while (source.read(dropped, 0, dropped.length) > 0) {
                    // on to the peer's FIN
                }
            }
        } finally {
            reading.unlock();
        }
    }

    private void ping(byte[] payload) {
        synchronized (pings) {
            if (pings.size() == PONGS_KEPT) {
                pings.removeFirst();
            }
            pings.addLast(payload);
        }
        if (answering.compareAndSet(false, true)) {
            Thread.ofVirtual().name("websocket-pong").start(() -> {
                writing.lock();
                try {
                    answering.set(false);
                    answerPings();
                } catch (IOException e) {
                    wire.cut(); // the reader says why
                } finally {
                    writing.unlock();
                }
            });
        }
    }

    private void answerPings() throws IOException {
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

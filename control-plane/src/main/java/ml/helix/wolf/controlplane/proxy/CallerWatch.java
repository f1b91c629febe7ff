package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.controlplane.proxy.ResponseProbe.Step;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Notices a caller that goes away after its request has been read to its end: while its dial waits, and during its response.
 *
 * <p>A reset is noticed at once. A FIN is ambiguous: a caller that has closed its connection sends one, and so does a caller
 * that has only ended its output and still reads ({@code nc -N}). They differ in how they receive a byte: a closed connection
 * replies with a reset, after which a second byte can't be sent. So after a FIN the watch sends the caller bytes of its
 * response early, one by one and with growing waits ({@link ResponseProbe}). If there are no such bytes, the next write fails,
 * or the caller counts as gone after {@link #QUIET} without a write.
 *
 * <p>{@link #close} must come before the request is completed: it returns to Jetty what a pipelining caller has sent
 * meanwhile. Thread safe.
 */
final class CallerWatch implements Callback, AutoCloseable {
    private static final int FIRST_WAIT_MILLIS = 20;
    private static final int LONGEST_WAIT_MILLIS = 10_000;
    private static final Duration QUIET = Duration.ofSeconds(30);

    /** Writes a part of the response and waits until it is written. */
    @FunctionalInterface
    interface Write {
        void run() throws IOException;
    }

    private final Connection connection;
    private final PeerEndPoint endPoint;
    private final Runnable onDeparture;
    private final CountDownLatch closing = new CountDownLatch(1);

    // All guarded by this.
    private final ByteBuffer pipelined = BufferUtil.allocate(1024);
    private boolean started;
    private boolean closed;

    /** Held while a part of the response is written. */
    private final ReentrantLock output = new ReentrantLock();
    // Both guarded by output.
    private final ResponseProbe probe = new ResponseProbe();
    private long lastWrite = System.nanoTime();

    private volatile @Nullable IOException departure;

    private CallerWatch(Connection connection, PeerEndPoint endPoint, Runnable onDeparture) {
        this.connection = connection;
        this.endPoint = endPoint;
        this.onDeparture = onDeparture;
    }

    /** @param onDeparture runs when the caller has gone; idempotent, and must not block */
    static CallerWatch of(Request request, Runnable onDeparture) {
        return new CallerWatch(
                request.getConnectionMetaData().getConnection(), PeerEndPoint.beneath(request), onDeparture);
    }

    /** Call when the request has been read to its end. Idempotent. */
    synchronized void start() {
        if (!closed && !started) {
            started = true;
            endPoint.tryFillInterested(this);
        }
    }

    /** How the caller went away; null while it is there. */
    @Nullable
    IOException departure() {
        return departure;
    }

    /** Records that the caller has gone, or that its request body is invalid. */
    void departed(IOException cause) {
        departure = cause;
        onDeparture.run();
    }

    /** The connection is readable: it has ended, or the next request has come. */
    @Override
    public void succeeded() {
        boolean ended;
        try {
            ended = readPipelined();
        } catch (IOException e) {
            departed(e);
            return;
        }
        if (ended) {
            Thread.ofVirtual().name("caller-probe").start(this::probeUntilClosed);
        }
    }

    /** Returns whether the caller has ended its output. */
    private synchronized boolean readPipelined() throws IOException {
        if (closed) {
            return false;
        }
        int filled = endPoint.fill(pipelined);
        if (filled >= 0 && BufferUtil.space(pipelined) > 0) {
            endPoint.tryFillInterested(this);
        }
        return filled < 0;
    }

    @Override
    public void failed(Throwable cause) {
        if (!(cause instanceof CancellationException)) {
            departed(new IOException("the caller has gone", cause));
        }
    }

    /** Call before the first write of the response. */
    void startsResponse(boolean chunked) {
        output.lock();
        try {
            probe.startsResponse(chunked);
        } finally {
            output.unlock();
        }
    }

    /**
     * Writes a part of the response. Every write goes through here.
     *
     * @param content whether the part contains more than the head
     */
    void write(boolean content, Write write) throws IOException {
        output.lock();
        try {
            write.run();
            probe.written(content);
            lastWrite = System.nanoTime();
        } finally {
            output.unlock();
        }
    }

    private void probeUntilClosed() {
        try {
            int wait = FIRST_WAIT_MILLIS;
            do {
                if (output.tryLock()) {
                    try {
                        probe();
                    } finally {
                        output.unlock();
                    }
                }
                wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS);
            } while (!closing.await(wait, TimeUnit.MILLISECONDS));
        } catch (IOException e) {
            departed(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends a byte if the response has one now. Called with {@link #output} held. */
    private void probe() throws IOException {
        if (closing.getCount() == 0) {
            return;
        }
        Step step = probe.next();
        switch (step) {
            case Step.Ahead(byte next) -> {
                if (endPoint.sendAhead(next)) {
                    probe.sent(step);
                }
            }
            case Step.Between(byte extra) -> {
                probe.sent(step);
                endPoint.sendBetween(extra);
            }
            case Step.Nothing ignored -> {}
            case Step.Never ignored -> {
                if (System.nanoTime() - lastWrite > QUIET.toNanos()) {
                    throw new IOException("the caller ended its output, and Wolf has sent nothing since");
                }
            }
        }
    }

    /** Without a stack trace, because each request ends with one. */
    private static final class WatchClosedException extends CancellationException {
        private static final long serialVersionUID = 1;

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }

    @Override
    public void close() {
        output.lock();
        try {
            closing.countDown();
        } finally {
            output.unlock();
        }
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            endPoint.getFillInterest().onFail(new WatchClosedException());
            if (pipelined.hasRemaining() && connection instanceof Connection.UpgradeTo http) {
                http.onUpgradeTo(pipelined);
                if (pipelined.hasRemaining()) {
                    endPoint.close();
                }
            }
        }
    }
}

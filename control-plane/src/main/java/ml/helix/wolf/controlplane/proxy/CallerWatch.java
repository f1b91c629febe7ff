package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Notices a caller that goes away once its request has been read to its end, while its dial waits and while its response
 * is under way.
 *
 * <p>A reset says so at once. A FIN doesn't: a caller that has closed its connection sends it, and so does one that has
 * only ended its output and reads on ({@code nc -N}). They differ in what becomes of a byte that is sent to them: a
 * connection that is closed answers with a reset, after which a second byte can't be sent. So the watch sends, byte by byte and
 * with growing waits, what belongs to the response anyway: the beginning of its status line, or, where the body is
 * chunked, the end of the last chunk and leading zeros of the next one's size. Where there are no such bytes (the body has a
 * length or ends with the connection) the next write shows it, or {@link #QUIET} without one is taken for it.
 *
 * <p>{@link #close} comes before the request is completed: it gives back to Jetty what a pipelining caller sent meanwhile.
 * Thread safe.
 */
final class CallerWatch implements Callback, AutoCloseable {
    private static final byte[] STATUS_LINE = "HTTP/1.1 ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END_OF_CHUNK = {'\r', '\n'};
    private static final int MOST_ZEROS = 8;
    private static final int FIRST_WAIT_MILLIS = 20;
    private static final int LONGEST_WAIT_MILLIS = 10_000;
    private static final Duration QUIET = Duration.ofSeconds(30);

    private enum Phase {
        BEFORE_RESPONSE,
        CHUNKED,
        OTHER
    }

    /** Writes a part of the response and waits until it is written. */
    @FunctionalInterface
    interface Write {
        void run() throws IOException;
    }

    private final Connection connection;
    private final PeerEndPoint endPoint;
    private final Runnable gone;
    private final CountDownLatch closing = new CountDownLatch(1);

    private final ReentrantLock input = new ReentrantLock();
    // All guarded by input.
    private final ByteBuffer early = BufferUtil.allocate(1024);
    private boolean started;
    private boolean closed;

    /** Held while a part of the response is written. */
    private final ReentrantLock output = new ReentrantLock();
    // All guarded by output.
    private Phase phase = Phase.BEFORE_RESPONSE;

    private Phase afterHead = Phase.OTHER;
    /** How much of the status line, or of the end of the last chunk, was sent or is not to be sent. */
    private int sent;

    private int zeros;
    private long lastWrite = System.nanoTime();

    private volatile @Nullable IOException departure;

    private CallerWatch(Connection connection, PeerEndPoint endPoint, Runnable gone) {
        this.connection = connection;
        this.endPoint = endPoint;
        this.gone = gone;
    }

    /** @param gone told when the caller has gone; idempotent, and must not block */
    static CallerWatch of(Request request, Runnable gone) {
        return new CallerWatch(request.getConnectionMetaData().getConnection(), PeerEndPoint.beneath(request), gone);
    }

    /** To be called once the request was read to its end. Idempotent. */
    void start() {
        input.lock();
        try {
            if (!closed && !started) {
                started = true;
                endPoint.tryFillInterested(this);
            }
        } finally {
            input.unlock();
        }
    }

    /** How the caller went away; null while it is there. */
    @Nullable
    IOException departure() {
        return departure;
    }

    /** The caller has gone, or sends what is no request body. */
    void departed(IOException how) {
        departure = how;
        gone.run();
    }

    /** The connection is readable: it has ended, or the next request is here. */
    @Override
    public void succeeded() {
        boolean ended;
        try {
            ended = readEarly();
        } catch (IOException e) {
            departed(e);
            return;
        }
        if (ended) {
            Thread.ofVirtual().name("caller-probe").start(this::probe);
        }
    }

    /** Returns whether the caller has ended its output. */
    private boolean readEarly() throws IOException {
        input.lock();
        try {
            if (closed) {
                return false;
            }
            int filled = endPoint.fill(early);
            if (filled >= 0 && BufferUtil.space(early) > 0) {
                endPoint.tryFillInterested(this);
            }
            return filled < 0;
        } finally {
            input.unlock();
        }
    }

    @Override
    public void failed(Throwable cause) {
        if (!(cause instanceof CancellationException)) {
            departed(new IOException("the caller has gone", cause));
        }
    }

    /**
     * To be called before the first write of the response.
     *
     * @param chunked whether the body will come in chunks
     */
    void responding(boolean chunked) {
        output.lock();
        try {
            afterHead = chunked ? Phase.CHUNKED : Phase.OTHER;
        } finally {
            output.unlock();
        }
    }

    /**
     * Writes a part of the response; all of it goes through here.
     *
     * @param content whether there is more in it than the head
     */
    void write(boolean content, Write write) throws IOException {
        output.lock();
        try {
            write.run();
            phase = afterHead;
            sent = content ? 0 : END_OF_CHUNK.length;
            lastWrite = System.nanoTime();
        } finally {
            output.unlock();
        }
    }

    private void probe() {
        try {
            int wait = FIRST_WAIT_MILLIS;
            do {
                if (output.tryLock()) {
                    try {
                        send();
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

    /** Sends what can be sent at this point of the response; under the output's lock. */
    private void send() throws IOException {
        if (closing.getCount() == 0) {
            return;
        }
        switch (phase) {
            case BEFORE_RESPONSE -> {
                if (sent < STATUS_LINE.length && endPoint.sendAhead(STATUS_LINE[sent])) {
                    sent++;
                }
            }
            case CHUNKED -> {
                if (sent < END_OF_CHUNK.length) {
                    if (endPoint.sendAhead(END_OF_CHUNK[sent])) {
                        sent++;
                    }
                } else if (zeros < MOST_ZEROS) {
                    zeros++;
                    endPoint.sendBetween((byte) '0');
                }
            }
            case OTHER -> {
                if (System.nanoTime() - lastWrite > QUIET.toNanos()) {
                    throw new IOException("the caller ended its output, and Wolf has said nothing since");
                }
            }
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
        input.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            endPoint.getFillInterest().onFail(new CancellationException());
            if (early.hasRemaining() && connection instanceof Connection.UpgradeTo http) {
                http.onUpgradeTo(early);
                if (early.hasRemaining()) {
                    endPoint.close();
                }
            }
        } finally {
            input.unlock();
        }
    }
}

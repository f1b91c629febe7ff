package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Notices a caller that goes away while its response is under way, when Jetty reads nothing from it: a stream of events
 * that is quiet would otherwise stay open at Wolf until its next event.
 *
 * <p>Started once the request has been read to its end, closed before it is completed: that gives back to Jetty what a
 * pipelining caller sent meanwhile. Thread safe.
 */
final class CallerWatch implements Callback, AutoCloseable {
    private final Connection connection;
    private final AbstractEndPoint endPoint;
    private final Runnable gone;

    private final ReentrantLock lock = new ReentrantLock();
    // Both guarded by lock.
    private final ByteBuffer early = BufferUtil.allocate(1024);
    private boolean closed;

    private CallerWatch(Connection connection, AbstractEndPoint endPoint, Runnable gone) {
        this.connection = connection;
        this.endPoint = endPoint;
        this.gone = gone;
    }

    /** @param gone told at most once; must not block */
    static CallerWatch of(Request request, Runnable gone) {
        Connection connection = request.getConnectionMetaData().getConnection();
        return new CallerWatch(connection, (AbstractEndPoint) connection.getEndPoint(), gone);
    }

    void start() {
        lock.lock();
        try {
            if (!closed) {
                endPoint.tryFillInterested(this);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The connection is readable: it has ended, or the next request is here. */
    @Override
    public void succeeded() {
        boolean ended = false;
        lock.lock();
        try {
            if (!closed) {
                int filled = endPoint.fill(early);
                ended = filled < 0;
                if (filled == 0) {
                    endPoint.tryFillInterested(this);
                }
            }
        } catch (IOException e) {
            ended = true;
        } finally {
            lock.unlock();
        }
        if (ended) {
            gone.run();
        }
    }

    @Override
    public void failed(Throwable cause) {
        if (!(cause instanceof CancellationException)) {
            gone.run();
        }
    }

    @Override
    public void close() {
        lock.lock();
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
            lock.unlock();
        }
    }
}

package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/** A peer with TLS: Jetty's end point, whose selector wakes the threads that wait. */
final class EndPointPeer implements PeerChannel {
    private final EndPoint endPoint;
    /** Completed when there are bytes; kept by a read that could not wait so long. Belongs to the reading thread. */
    private Callback.@Nullable Completable readable;

    EndPointPeer(EndPoint endPoint) {
        this.endPoint = endPoint;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        ByteBuffer into = target.slice();
        BufferUtil.flipToFlush(into, 0);
        while (true) {
            int filled = endPoint.fill(into);
            if (filled > 0) {
                target.position(target.position() + filled);
            }
            if (filled != 0) {
                return filled;
            }
            if (!awaitReadable()) {
                return 0;
            }
        }
    }

    private boolean awaitReadable() throws IOException {
        var bytes = readable;
        if (bytes == null) {
            bytes = new Callback.Completable(Invocable.InvocationType.NON_BLOCKING);
            readable = bytes;
            endPoint.fillInterested(bytes);
        }
        try {
            bytes.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
        readable = null;
        return true;
    }

    @Override
    public void write(ByteBuffer... parts) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            endPoint.write(written, parts);
            written.block();
        }
    }

    @Override
    public void shutdownOutput() {
        endPoint.shutdownOutput();
    }

    @Override
    public void close() {
        endPoint.close();
    }
}

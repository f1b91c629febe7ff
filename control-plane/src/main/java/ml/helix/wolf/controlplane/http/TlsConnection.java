package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** TLS on a {@link TcpEndPoint}. HTTP and WebSocket use its {@link TlsEndPoint}. */
final class TlsConnection extends SslConnection {

    TlsConnection(
            ByteBufferPool buffers, Executor executor, SslContextFactory factory, EndPoint tcp, SSLEngine engine) {
        super(buffers, executor, factory, tcp, engine);
    }

    @Override
    protected SslEndPoint newSslEndPoint() {
        return new TlsEndPoint();
    }

    /** The decrypted side. What concerns the end of the connection goes on to the TCP connection. */
    final class TlsEndPoint extends SslEndPoint implements PeerEndPoint {
        private final SentAhead sentAhead = new SentAhead(super::flush);
        private volatile boolean resetOnClose;

        private TcpEndPoint tcp() {
            return (TcpEndPoint) getEndPoint();
        }

        @Override
        public void resetOnClose(boolean reset) {
            resetOnClose = reset;
            tcp().resetOnClose(reset);
        }

        @Override
        public void idleTimeoutHolds(boolean holds) {
            tcp().idleTimeoutHolds(holds);
        }

        @Override
        public PeerChannel detach() {
            setIdleTimeout(0);
            tcp().setIdleTimeout(0);
            tcp().readPastReset();
            return new EndPointPeer(this);
        }

        @Override
        public void lingerOnClose() {
            tcp().lingerOnClose();
        }

        @Override
        public boolean sendAhead(byte next) throws IOException {
            return sentAhead.send(next);
        }

        @Override
        public void sendBetween(byte one) throws IOException {
            sentAhead.sendBetween(one);
        }

        /** Jetty flushes without bytes while it holds its own lock; the lock of {@link SentAhead} must not follow it. */
        @Override
        public boolean flush(ByteBuffer... buffers) throws IOException {
            return BufferUtil.isEmpty(buffers) ? super.flush(buffers) : sentAhead.flush(buffers);
        }

        /** TLS's close_notify says that everything was sent. A connection that is to be reset must not say so. */
        @Override
        public void doShutdownOutput() {
            if (resetOnClose) {
                tcp().close();
            }
            super.doShutdownOutput();
        }

        /** As {@link #doShutdownOutput}. */
        @Override
        public void doClose() {
            if (resetOnClose) {
                tcp().close();
            }
            super.doClose();
        }
    }
}

package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a connection out of Jetty once its 101 response is written. */
public final class DetachedConnection extends AbstractConnection implements Connection.UpgradeTo {
    private static final Logger log = LoggerFactory.getLogger(DetachedConnection.class);

    private final BiConsumer<PeerChannel, ByteBuffer> opened;
    private ByteBuffer first = ByteBuffer.allocate(0);

    private DetachedConnection(EndPoint endPoint, Executor executor, BiConsumer<PeerChannel, ByteBuffer> opened) {
        super(endPoint, executor);
        this.opened = opened;
    }

    /**
     * Makes the request's connection leave Jetty after its response, which must be a 101.
     *
     * @param opened gets the connection, and what the peer has sent after its request; must not block
     */
    public static void after(Request request, BiConsumer<PeerChannel, ByteBuffer> opened) {
        EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
        Executor executor = request.getConnectionMetaData().getConnector().getExecutor();
        request.setAttribute(
                HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, new DetachedConnection(endPoint, executor, opened));
    }

    @Override
    public void onUpgradeTo(ByteBuffer buffer) {
        first = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
    }

    @Override
    public void onOpen() {
        super.onOpen();
        EndPoint endPoint = getEndPoint();
        PeerChannel channel;
        try {
            channel = ((PeerEndPoint) endPoint).detach();
        } catch (IOException e) {
            log.debug("The peer is gone", e);
            endPoint.close();
            return;
        }
        opened.accept(channel, first);
    }

    /** Never called: threads read the channel. */
    @Override
    public void onFillable() {
        throw new IllegalStateException("nobody asked this connection to read");
    }
}

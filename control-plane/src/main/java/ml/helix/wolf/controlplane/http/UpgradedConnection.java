package ml.helix.wolf.controlplane.http;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.ByteStream;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;

/** Takes a caller's connection over once its 101 response is written, and hands it on as a stream of bytes. */
public final class UpgradedConnection extends AbstractConnection implements Connection.UpgradeTo {
    private final Consumer<ByteStream> handler;
    private ByteBuffer firstBytes = ByteBuffer.allocate(0);

    private UpgradedConnection(EndPoint endPoint, Executor executor, Consumer<ByteStream> handler) {
        super(endPoint, executor);
        this.handler = handler;
    }

    /**
     * Makes the request's connection leave HTTP after its response, which must be a 101.
     *
     * @param handler runs on a virtual thread of its own, and has to close the stream
     */
    public static void after(Request request, Consumer<ByteStream> handler) {
        EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
        Executor executor = request.getConnectionMetaData().getConnector().getExecutor();
        request.setAttribute(
                HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, new UpgradedConnection(endPoint, executor, handler));
    }

    @Override
    public void onUpgradeTo(ByteBuffer buffer) {
        firstBytes = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
    }

    @Override
    public void onOpen() {
        super.onOpen();
        getEndPoint().setIdleTimeout(0);
        var stream = new PrefixedStream(firstBytes, new EndPointStream(getEndPoint()), () -> {});
        Thread.ofVirtual().name("upgraded").start(() -> handler.accept(stream));
    }

    /** Never called: the stream registers its own interest in reading. */
    @Override
    public void onFillable() {
        throw new IllegalStateException("nobody asked this connection to read");
    }
}

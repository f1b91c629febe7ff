package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.StreamLog;

/**
 * One of the streams that a data connection carries one after the other. {@link #close} ends the stream, and the connection only
 * if that can't carry another one. As thread-safe as {@link WebSocketStream}.
 */
public final class DataStream implements ByteStream {
    private final WebSocketStream connection;
    private final AtomicBoolean closed = new AtomicBoolean();

    DataStream(WebSocketStream connection) {
        this.connection = connection;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return connection.read(buffer, offset, length);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        connection.write(buffer, offset, length);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) { // later it would be another stream's
            connection.closeStream();
        }
    }

    @Override
    public void logAs(StreamLog about) {
        connection.logAs(about);
    }
}

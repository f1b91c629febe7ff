package ml.helix.wolf.controlplane.forward;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import ml.helix.wolf.revdial.ByteStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A caller's TCP connection. As {@link ByteStream} says of threads. */
final class SocketStream implements ByteStream {
    private static final Logger log = LoggerFactory.getLogger(SocketStream.class);

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /** @throws IOException where the socket is closed already */
    SocketStream(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return in.read(buffer, offset, length);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        out.write(buffer, offset, length);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("Closing {}", socket, e);
        }
    }
}

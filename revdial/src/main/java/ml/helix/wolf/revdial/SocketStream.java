package ml.helix.wolf.revdial;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** A connected TCP socket: to Wolf, or from a caller. */
public final class SocketStream implements ByteStream {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /** @throws IOException where the socket is closed already */
    public SocketStream(Socket socket) throws IOException {
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
            // closed is closed
        }
    }
}

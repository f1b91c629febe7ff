package ml.helix.wolf.agent.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import ml.helix.wolf.revdial.ByteStream;

/** A TCP connection to Wolf. */
final class SocketStream implements ByteStream {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

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
            // closed is closed
        }
    }
}

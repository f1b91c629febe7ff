package ml.helix.wolf.revdial.socket;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** A connected TCP socket: to Wolf, or from a caller. */
public final class SocketStream extends LingeringStream {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /** @throws IOException if the socket is closed already */
    public SocketStream(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    @Override
    protected int receive(byte[] buffer, int offset, int length) throws IOException {
        return in.read(buffer, offset, length);
    }

    @Override
    protected void send(byte[] buffer, int offset, int length) throws IOException {
        out.write(buffer, offset, length);
    }

    @Override
    protected void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    protected void cut() {
        try {
            socket.close();
        } catch (IOException e) {
            // closed is closed
        }
    }
}

package ml.helix.wolf.bench.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Stands in Wolf's place. The first byte of a connection says what the caller wants; the number of bytes follows as a
 * long. Listens on a free port of the loopback address until {@link #close}. Thread-safe.
 */
final class LocalService implements Closeable {
    /** Send me bytes. */
    static final int SEND = 'S';
    /** Take my bytes and answer with their SHA-256. */
    static final int TAKE = 'T';
    /** Send my bytes back. */
    static final int ECHO = 'E';
    /** The first letter of an HTTP request: GET. */
    private static final int HTTP = 'G';

    private static final String HTTP_RESPONSE = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ServerSocket listening;

    private LocalService(ServerSocket listening) {
        this.listening = listening;
    }

    static LocalService start() throws IOException {
        var service = new LocalService(new ServerSocket(0, 1024, InetAddress.getLoopbackAddress()));
        Thread.ofPlatform().daemon().name("local-service").start(service::acceptAll);
        return service;
    }

    int port() {
        return listening.getLocalPort();
    }

    private void acceptAll() {
        while (true) {
            try {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                if (listening.isClosed()) {
                    return;
                }
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            var in = new DataInputStream(socket.getInputStream());
            int wanted = in.read();
            if (wanted == HTTP) {
                in.read(new byte[4096]);
                socket.getOutputStream().write(HTTP_RESPONSE.getBytes(US_ASCII));
                return;
            }
            long bytes = wanted < 0 ? 0 : in.readLong();
            switch (wanted) {
                case SEND -> SeededBytes.send(socket.getOutputStream(), bytes);
                case TAKE ->
                    socket.getOutputStream()
                            .write(SeededBytes.receive(in, bytes).getBytes(US_ASCII));
                case ECHO -> echo(in, socket.getOutputStream(), bytes);
                default -> {
                    // the agent's health check: it connects and sends nothing
                }
            }
        } catch (EOFException e) {
            // The caller went away and reports it itself.
        } catch (IOException e) {
            System.err.println("local service: " + e);
        }
    }

    private static void echo(InputStream in, OutputStream out, long bytes) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        for (long left = bytes; left > 0; ) {
            int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (read < 0) {
                throw new EOFException();
            }
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}

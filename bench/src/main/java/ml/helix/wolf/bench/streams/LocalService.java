package ml.helix.wolf.bench.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Stands in Wolf's place. The first byte of a connection says what the caller wants; a block's size follows as an int, a number
 * as a long. Listens on a free port
 * until {@link #close}. Thread-safe.
 */
public final class LocalService implements Closeable {
    /** Send me blocks for so many milliseconds. */
    static final int SEND = 'S';
    /** Take my blocks and answer with the number of their bytes. */
    static final int TAKE = 'T';
    /** Send so many of my bytes back, then close. */
    static final int ECHO = 'E';
    /** The first letter of an HTTP request: GET. */
    private static final int HTTP = 'G';

    private static final byte[] HTTP_RESPONSE = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII);

    private final ServerSocket listening;
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("local-stream-", 0).factory());

    private LocalService(ServerSocket listening) {
        this.listening = listening;
    }

    public static LocalService start() throws IOException {
        return start(InetAddress.getLoopbackAddress());
    }

    /** @param address of this machine */
    public static LocalService start(InetAddress address) throws IOException {
        var service = new LocalService(new ServerSocket(0, 1024, address));
        Thread.ofPlatform().daemon().name("local-service").start(service::acceptAll);
        return service;
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    private void acceptAll() {
        while (true) {
            try {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                threads.execute(() -> serve(socket));
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
            var out = new DataOutputStream(socket.getOutputStream());
            int wanted = in.read();
            if (wanted == HTTP) {
                in.read(new byte[4096]);
                out.write(HTTP_RESPONSE);
                return;
            }
            int blockSize = wanted < 0 ? 0 : in.readInt();
            long number = wanted < 0 ? 0 : in.readLong();
            switch (wanted) {
                case SEND -> Blocks.send(out, Duration.ofMillis(number), blockSize);
                case TAKE -> out.writeLong(Blocks.receive(in, blockSize));
                case ECHO -> echo(in, out, number);
                default -> {
                    // the agent's health check: it connects and sends nothing
                }
            }
        } catch (CorruptionException e) {
            // The caller sees only that its connection is reset.
            System.err.println("an upload is corrupt: " + e.getMessage());
        } catch (IOException e) {
            // The caller went away, or misses its bytes, and reports it itself.
        }
    }

    private static void echo(InputStream in, OutputStream out, long bytes) throws IOException {
        byte[] buffer = new byte[(int) Math.min(bytes, 16 * 1024)];
        for (long left = bytes; left > 0; ) {
            int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (read < 0) {
                return;
            }
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        threads.shutdown();
    }
}

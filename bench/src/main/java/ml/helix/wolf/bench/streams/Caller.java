package ml.helix.wolf.bench.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Calls a {@link LocalService}, one connection for each call. Every call compares what arrived with what was sent.
 *
 * @param to a forward, or the service itself
 * @param blockSize of transfers
 */
public record Caller(InetSocketAddress to, int blockSize) {
    /** How long a call waits for the next byte: what hangs longer is lost. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** With the largest blocks. */
    public Caller(InetSocketAddress to) {
        this(to, Blocks.LARGEST);
    }

    private static final byte[] REQUEST =
            "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);

    /** The service sends for that time; returns the number of bytes. */
    public long download(Duration time) throws IOException {
        try (Socket socket = connect()) {
            ask(socket, LocalService.SEND, time.toMillis(), new byte[0]);
            long bytes = Blocks.receive(socket.getInputStream(), blockSize);
            requireEnd(socket);
            return bytes;
        }
    }

    /** As {@link #download}, but reads nothing for a while first: what is sent meanwhile waits on the way. */
    public long downloadLate(Duration time, Duration stall) throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            ask(socket, LocalService.SEND, time.toMillis(), new byte[0]);
            Thread.sleep(stall);
            long bytes = Blocks.receive(socket.getInputStream(), blockSize);
            requireEnd(socket);
            return bytes;
        }
    }

    /** As {@link #download}, but resets the connection after so many bytes. */
    public void breakOff(Duration time, int bytes) throws IOException {
        try (Socket socket = connect()) {
            ask(socket, LocalService.SEND, time.toMillis(), new byte[0]);
            socket.getInputStream().readNBytes(bytes);
            socket.setSoLinger(true, 0);
        }
    }

    /** The caller sends for that time, and waits until the service has all; returns the number of bytes. */
    public long upload(Duration time) throws IOException {
        try (Socket socket = connect()) {
            ask(socket, LocalService.TAKE, 0, new byte[0]);
            long sent = Blocks.send(socket.getOutputStream(), time, blockSize);
            long received = new DataInputStream(socket.getInputStream()).readLong();
            if (received != sent) {
                throw new IOException(received + " bytes arrived of " + sent);
            }
            return sent;
        }
    }

    /** A few bytes there and back on a stream of their own, up to its end; the seed makes them unlike those of others. */
    public void dial(int seed) throws IOException {
        byte[] bytes = noise(seed);
        try (Socket socket = connect()) {
            ask(socket, LocalService.ECHO, bytes.length, bytes);
            requireEqual(bytes, socket.getInputStream().readNBytes(bytes.length));
            requireEnd(socket);
        }
    }

    /** A request to the service's HTTP, on a connection of its own: the service closes it after the response. */
    public void request() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(REQUEST);
            String response = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            if (!response.endsWith("\r\n\r\nok")) {
                throw new IOException("the answer was " + response);
            }
        }
    }

    /** Opens a stream that stays open. */
    public Held hold(int seed) throws IOException {
        var held = new Held(connect(), noise(seed));
        ask(held.socket, LocalService.ECHO, Long.MAX_VALUE, new byte[0]);
        held.echo();
        return held;
    }

    /** A stream that returns 64 bytes as often as it is asked to. Not thread-safe. */
    public static final class Held implements Closeable {
        private final Socket socket;
        private final byte[] bytes;

        private Held(Socket socket, byte[] bytes) {
            this.socket = socket;
            this.bytes = bytes;
        }

        public void echo() throws IOException {
            socket.getOutputStream().write(bytes);
            requireEqual(bytes, socket.getInputStream().readNBytes(bytes.length));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private Socket connect() throws IOException {
        var socket = new Socket();
        try {
            socket.connect(to, (int) PATIENCE.toMillis());
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) PATIENCE.toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void ask(Socket socket, int what, long number, byte[] bytes) throws IOException {
        new DataOutputStream(socket.getOutputStream())
                .write(ByteBuffer.allocate(1 + Integer.BYTES + Long.BYTES + bytes.length)
                        .put((byte) what)
                        .putInt(blockSize)
                        .putLong(number)
                        .put(bytes)
                        .array());
    }

    private static byte[] noise(int seed) {
        byte[] bytes = new byte[64];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private static void requireEqual(byte[] sent, byte[] received) throws IOException {
        if (received.length < sent.length) {
            throw new EOFException("the stream ended after " + received.length + " bytes of " + sent.length);
        }
        if (!Arrays.equals(sent, received)) {
            throw new CorruptionException("other bytes came back than were sent");
        }
    }

    private static void requireEnd(Socket socket) throws IOException {
        if (socket.getInputStream().read() >= 0) {
            throw new CorruptionException("more bytes came than were sent");
        }
    }
}

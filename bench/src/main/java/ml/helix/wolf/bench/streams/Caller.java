package ml.helix.wolf.bench.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls a {@link LocalService} through a TCP port of the loopback address, one connection for each call. Every call
 * compares what arrived with what was sent.
 *
 * @param port of the forward, or of the service itself
 */
record Caller(int port) {

    private static final byte[] REQUEST =
            "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);

    /** The service sends; returns the bytes' SHA-256. */
    String download(long bytes) throws IOException {
        try (Socket socket = connect()) {
            ask(socket, LocalService.SEND, bytes);
            String received = SeededBytes.receive(socket.getInputStream(), bytes);
            requireEnd(socket);
            return requireEqual(received, SeededBytes.sha256Of(bytes));
        }
    }

    /** The caller sends, and the service answers with the digest of what it got; returns it. */
    String upload(long bytes) throws IOException {
        try (Socket socket = connect()) {
            DataOutputStream out = ask(socket, LocalService.TAKE, bytes);
            String sent = SeededBytes.send(out, bytes);
            return requireEqual(new String(socket.getInputStream().readNBytes(64), US_ASCII), sent);
        }
    }

    /** Both directions at once. */
    void downloadWhileUploading(long bytes) throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            DataOutputStream out = ask(socket, LocalService.ECHO, bytes);
            CompletableFuture<String> sent = CompletableFuture.supplyAsync(() -> {
                try {
                    return SeededBytes.send(out, bytes);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            String received = SeededBytes.receive(socket.getInputStream(), bytes);
            try {
                requireEqual(received, sent.get());
            } catch (ExecutionException e) {
                throw new IOException("the upload failed", e);
            }
        }
    }

    /** A few bytes there and back; the seed makes this call's bytes unlike those of others. */
    void echo(int seed, int bytes) throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            exchange(socket, ask(socket, LocalService.ECHO, bytes), seed, bytes);
        }
    }

    /** A request to the service's HTTP, on a connection of its own: the service closes it after the response. */
    void request() throws IOException {
        try (Socket socket = connect()) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write(REQUEST);
            String response = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            if (!response.endsWith("\r\n\r\nok")) {
                throw new IOException("the forward answered " + response);
            }
        }
    }

    /** The same as {@link #echo}; its bytes go out when all callers of the barrier have an open stream. */
    void echoWhenAllAreOpen(CyclicBarrier allOpen, int seed, int bytes)
            throws IOException, InterruptedException, BrokenBarrierException, TimeoutException {
        try (Socket socket = connect()) {
            DataOutputStream out = ask(socket, LocalService.ECHO, bytes + 1L);
            out.writeByte(seed);
            if (socket.getInputStream().read() != (seed & 255)) {
                throw new IOException("stream " + seed + " returned a byte of another stream");
            }
            allOpen.await(60, TimeUnit.SECONDS);
            exchange(socket, out, seed, bytes);
        }
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    private static DataOutputStream ask(Socket socket, int what, long bytes) throws IOException {
        socket.setTcpNoDelay(true);
        var out = new DataOutputStream(socket.getOutputStream());
        out.writeByte(what);
        out.writeLong(bytes);
        return out;
    }

    private static void exchange(Socket socket, OutputStream out, int seed, int bytes)
            throws IOException, InterruptedException {
        byte[] sent = new byte[bytes];
        new SplittableRandom(seed).nextBytes(sent);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                out.write(sent);
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        byte[] received = socket.getInputStream().readNBytes(bytes);
        sender.join();
        if (!Arrays.equals(sent, received)) {
            throw new IOException(
                    "stream " + seed + " returned " + received.length + " bytes, and not those that were sent");
        }
        requireEnd(socket);
    }

    private static void requireEnd(Socket socket) throws IOException {
        if (socket.getInputStream().read() >= 0) {
            throw new IOException("more bytes came than were sent");
        }
    }

    private static String requireEqual(String actual, String expected) throws IOException {
        if (!actual.equals(expected)) {
            throw new IOException("SHA-256 is " + actual + " instead of " + expected);
        }
        return actual;
    }
}

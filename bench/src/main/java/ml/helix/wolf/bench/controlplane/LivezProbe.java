package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.TimeUnit;

/**
 * Asks for {@code /livez} each half a second as a kubelet does, on a connection of its own and from one address, from the
 * constructor to {@link #close}. Thread-safe.
 */
final class LivezProbe implements AutoCloseable {
    /** An address that no agent has. */
    private static final int ADDRESS = 600_000;

    private static final long PERIOD_MS = 500;

    private final Endpoint endpoint;
    private final Thread thread;
    private volatile int answered;
    private volatile int failed;
    private volatile double longestMs;

    LivezProbe(Endpoint endpoint) {
        this.endpoint = endpoint;
        this.thread = Thread.ofPlatform().daemon().name("livez").start(this::run);
    }

    private void run() {
        try {
            while (true) {
                long began = System.nanoTime();
                boolean ok = ask();
                double took = (System.nanoTime() - began) / 1e6;
                if (ok) {
                    answered++;
                } else {
                    failed++;
                }
                longestMs = Math.max(longestMs, took);
                TimeUnit.MILLISECONDS.sleep(PERIOD_MS);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private boolean ask() {
        try (Socket socket = endpoint.connect(ADDRESS)) {
            socket.getOutputStream()
                    .write("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII).startsWith("HTTP/1.1 200");
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "%d answered, %d failed, the slowest after %.1f s".formatted(answered, failed, longestMs / 1000);
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}

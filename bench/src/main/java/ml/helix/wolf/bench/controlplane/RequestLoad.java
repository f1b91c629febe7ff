package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests through {@code …/proxy/} at a fixed rate, whether or not the control plane keeps up: a request's time begins
 * when it was due, so waiting behind a late one counts. Used once.
 */
final class RequestLoad {
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Endpoint endpoint;
    private final int ids;
    private final int rate;
    private final int count;
    private final AtomicInteger next = new AtomicInteger();
    /** Nanoseconds by request; 0 for one that failed. */
    private final long[] times;

    private final Map<String, Integer> errors = new ConcurrentHashMap<>();

    /**
     * What came of it.
     *
     * @param perSecond how many were answered, from the first until the last
     * @param p50 in milliseconds, as are the other times
     * @param errors by message, with how many there were
     */
    record Result(int rate, double perSecond, double p50, double p99, double worst, Map<String, Integer> errors) {
        boolean kept() {
            return errors.isEmpty() && perSecond >= 0.95 * rate;
        }

        @Override
        public String toString() {
            return "%,.0f/s, p50 %.1f ms, p99 %.1f ms, worst %.0f ms, errors %s"
                    .formatted(perSecond, p50, p99, worst, errors.isEmpty() ? "0" : errors);
        }
    }

    /**
     * @param ids the requests go to the agents with the numbers below it, in turn
     * @param rate requests a second
     */
    RequestLoad(Endpoint endpoint, int ids, int rate, int seconds) {
        this.endpoint = endpoint;
        this.ids = ids;
        this.rate = rate;
        this.count = rate * seconds;
        this.times = new long[count];
    }

    /** @param callers how many requests may wait for an answer at once, each on a connection that is used again */
    Result run(int callers) throws InterruptedException {
        long start = System.nanoTime() + 100_000_000;
        var done = new CountDownLatch(callers);
        for (int i = 0; i < callers; i++) {
            int caller = i;
            Thread.ofVirtual().start(() -> {
                try {
                    call(caller, start);
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        double seconds = (System.nanoTime() - start) / 1e9;
        long[] sorted = Arrays.stream(times).filter(time -> time > 0).sorted().toArray();
        return new Result(
                rate,
                sorted.length / seconds,
                percentile(sorted, 0.5),
                percentile(sorted, 0.99),
                percentile(sorted, 1),
                Map.copyOf(errors));
    }

    private static double percentile(long[] sorted, double part) {
        int index = (int) Math.ceil(part * sorted.length) - 1;
        return sorted.length == 0 ? Double.NaN : sorted[Math.max(index, 0)] / 1e6;
    }

    private void call(int caller, long start) {
        @Nullable Connection connection = null;
        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            long due = start + i * 1_000_000_000L / rate;
            for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
            try {
                if (connection == null) {
                    connection = new Connection(endpoint.connect(caller));
                }
                connection.request(i % ids);
                times[i] = System.nanoTime() - due;
            } catch (IOException e) {
                errors.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
                connection = connection == null ? null : connection.ended();
            }
        }
        if (connection != null) {
            connection.ended();
        }
    }

    /** One connection of a caller, with as little work for each request as possible. */
    private static final class Connection {
        private final Socket socket;
        private final InputStream in;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new BufferedInputStream(socket.getInputStream(), 1024);
        }

        void request(int agent) throws IOException {
            socket.getOutputStream()
                    .write(("GET /api/v1/wolf-instances/" + LeanAgent.runnerId(agent)
                                    + "/proxy/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                    + ControlPlaneProcess.ADMIN_TOKEN + END_OF_HEAD)
                            .getBytes(US_ASCII));
            var head = new StringBuilder(256);
            while (head.length() < END_OF_HEAD.length() || head.indexOf(END_OF_HEAD, head.length() - 4) < 0) {
                head.append((char) required());
            }
            if (!head.toString().startsWith("HTTP/1.1 200")) {
                throw new IOException("answered " + head.substring(9, 12) + " "
                        + new String(in.readNBytes(in.available()), US_ASCII));
            }
            if (required() != 'o' || required() != 'k') {
                throw new IOException("the response has another body");
            }
        }

        private int required() throws IOException {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the connection ended without a whole response");
            }
            return next;
        }

        @Nullable
        Connection ended() {
            try {
                socket.close();
            } catch (IOException e) {
                // It is of no use any more.
            }
            return null;
        }
    }
}

package ml.helix.wolf.bench.run;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;
import ml.helix.wolf.bench.streams.Pair;
import ml.helix.wolf.bench.streams.Resumptions;
import ml.helix.wolf.bench.streams.Tunnel;

/** The rows that only {@code -tls true} has. */
final class TlsRows {
    private static final int AT_ONCE = 8;
    private static final int BURST = 100;

    private TlsRows() {}

    /**
     * Full handshakes, and ones that resume, of the caller with the server's port: each ends at once. A ticket is for one use, so those
     * of one caller follow one another.
     */
    static List<Figure> handshakes(Bench.Tls tls, Target target, Duration window) throws Exception {
        if (target.tunnel().isEmpty()) {
            return List.of();
        }
        InetSocketAddress server = target.tunnel().get().http();
        var everNew = new AtomicInteger();
        List<Figure> figures = new ArrayList<>(handshakes(
                target, "full handshake", window, () -> handshake(tls, server, "host-" + everNew.incrementAndGet())));
        figures.addAll(handshakes(
                target,
                "resumed handshake",
                window,
                () -> handshake(tls, server, "caller-" + Thread.currentThread().threadId())));
        return figures;
    }

    private static List<Figure> handshakes(Target target, String what, Duration window, Usage.Work handshake)
            throws Exception {
        return Scenario.repeat(
                target,
                window,
                AT_ONCE,
                what,
                AT_ONCE + " at once",
                () -> new Scenario.Call(i -> handshake.run(), () -> {}));
    }

    /** @param name by which the client remembers the session; the certificate isn't compared with it */
    private static void handshake(Bench.Tls tls, InetSocketAddress server, String name) throws IOException {
        try (var tcp = new Socket(server.getAddress(), server.getPort());
                var socket = (SSLSocket)
                        ((SSLSocketFactory) tls.sockets()).createSocket(tcp, name, server.getPort(), true)) {
            tcp.setTcpNoDelay(true);
            socket.startHandshake();
            // The answer is read so that the tickets, which come before it, are taken.
            socket.getOutputStream().write("GET /livez HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            socket.getInputStream().readAllBytes();
        }
    }

    /** What share of the connections resumes a session that the agent opens for 100 streams at once. */
    static List<Figure> resumption(Bench bench, Pair pair) throws Exception {
        var relay = new AtomicReference<Resumptions>();
        IntUnaryOperator front = port -> {
            try {
                relay.set(new Resumptions(new InetSocketAddress(bench.place().server(), port)));
                return relay.get().port();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        var here = new Bench(
                bench.root(),
                bench.local(),
                bench.tls(),
                new Bench.Place(bench.place().server(), List.of(), front, 1));
        Queue<Caller.Held> open = new ConcurrentLinkedQueue<>();
        try (var tunnel = Tunnel.start(here, pair);
                var counted = relay.get()) {
            int handshakes = counted.handshakes();
            int resumed = counted.resumed();
            Concurrently.run(BURST, i -> open.add(tunnel.caller().hold(i)));
            int more = counted.handshakes() - handshakes;
            for (Caller.Held stream : open) {
                stream.close();
            }
            return List.of(
                    new Figure(Metric.less("TLS connections of a burst of 100 streams", ""), more),
                    new Figure(
                            Metric.more("… of which resumed a session", "%"),
                            more == 0 ? 100 : 100.0 * (counted.resumed() - resumed) / more));
        }
    }
}

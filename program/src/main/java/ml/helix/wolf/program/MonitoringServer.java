package ml.helix.wolf.program;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The HTTP endpoint for probes and scrapers: {@code /livez} answers 200, {@code /readyz} 200 or 503 with the reason,
 * {@code /metrics} the registry as Prometheus text, and each further page its function's result. GET and HEAD only.
 *
 * <p>Anybody on the network may connect, so what a connection costs is bounded: {@value #MAX_CONNECTIONS} connections and
 * at most a quarter of the process' file descriptors, a request head of {@value #MAX_HEAD_BYTES} bytes and {@value #MAX_HEAD_FIELDS} fields within {@value #REQUEST_SECONDS} s, an
 * answer read within {@value #RESPONSE_SECONDS} s. What goes beyond is closed without an answer. A Host header that is not
 * the server's own ({@link OwnHost}) gets 421.
 *
 * <p>Serves from {@link #start} on until {@link #close}; a platform thread for each request that is being answered.
 */
public final class MonitoringServer implements AutoCloseable {
    static final int MAX_CONNECTIONS = 128;
    static final int MAX_HEAD_BYTES = 8192;
    static final int MAX_HEAD_FIELDS = 50;
    static final int REQUEST_SECONDS = 5;
    static final int RESPONSE_SECONDS = 10;

    static {
        // The JDK's server reads its bounds once, when its first instance is made. What the user has set stays.
        bound("jdk.httpserver.maxConnections", maxConnections(FileDescriptors.limit()));
        bound("sun.net.httpserver.maxReqHeaderSize", MAX_HEAD_BYTES);
        bound("sun.net.httpserver.maxReqHeaders", MAX_HEAD_FIELDS);
        bound("sun.net.httpserver.maxReqTime", REQUEST_SECONDS);
        bound("sun.net.httpserver.maxRspTime", RESPONSE_SECONDS);
    }

    private final HttpServer server;
    /**
     * Platform threads: virtual ones share a few carriers with the program's streams, and while those are busy without a pause,
     * a probe would go unanswered. The bound on connections bounds them.
     */
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("monitoring-", 0).daemon().factory());

    private MonitoringServer(HttpServer server) {
        this.server = server;
    }

    /** If no descriptor is free, the JDK's server retries its accept without a pause. So connections must not use all. */
    static int maxConnections(long fileDescriptors) {
        return Math.clamp(fileDescriptors / 4, 8, MAX_CONNECTIONS);
    }

    private static void bound(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, String.valueOf(value));
        }
    }

    /** What a page answers. */
    public record Page(int status, String contentType, String body) {
        public static Page text(int status, String body) {
            return new Page(status, "text/plain; charset=utf-8", body + "\n");
        }

        public static Page json(String body) {
            return new Page(200, "application/json", body);
        }
    }

    /** What a page may know of its request. */
    public static final class Request {
        private final HttpExchange exchange;

        private Request(HttpExchange exchange) {
            this.exchange = exchange;
        }

        public InetAddress caller() {
            return exchange.getRemoteAddress().getAddress();
        }

        /** The first header with this name. */
        public Optional<String> header(String name) {
            return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
        }
    }

    /**
     * @param notReady the reason why the program isn't ready; empty if it is
     * @param pages by path, for example {@code /status}
     * @throws IOException if the address can't be bound
     */
    public static MonitoringServer start(
            InetSocketAddress address,
            Supplier<Optional<String>> notReady,
            PrometheusRegistry registry,
            Map<String, Function<Request, Page>> pages)
            throws IOException {
        var all = new HashMap<>(pages);
        all.put("/livez", request -> Page.text(200, "ok"));
        all.put(
                "/readyz",
                request -> notReady.get().map(reason -> Page.text(503, reason)).orElseGet(() -> Page.text(200, "ok")));
        all.put("/metrics", request -> metrics(registry));
        return start(address, all);
    }

    /**
     * Serves these pages alone.
     *
     * @param pages by path
     * @throws IOException if the address can't be bound
     */
    public static MonitoringServer start(InetSocketAddress address, Map<String, Function<Request, Page>> pages)
            throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + ListenAddress.show(address) + ": " + e.getMessage(), e);
        }
        var monitoring = new MonitoringServer(server);
        monitoring.serve("/", request -> Page.text(404, "no such page"));
        pages.forEach(monitoring::serve);
        server.setExecutor(monitoring.threads);
        server.start();
        return monitoring;
    }

    /** The bound address: with the port that the system chose if it was 0. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private static Page metrics(PrometheusRegistry registry) {
        var writer = PrometheusTextFormatWriter.create();
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Page(200, writer.getContentType(), text.toString(StandardCharsets.UTF_8));
    }

    private void serve(String path, Function<Request, Page> page) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean exact =
                        path.equals("/") || path.equals(exchange.getRequestURI().getPath());
                if (!ownHost(exchange)) {
                    answer(exchange, Page.text(421, "the Host header must be this server's IP address or its name"));
                } else {
                    answer(exchange, exact ? page.apply(new Request(exchange)) : Page.text(404, "no such page"));
                }
            }
        });
    }

    private static boolean ownHost(HttpExchange exchange) {
        return exchange.getRequestHeaders().getOrDefault("Host", List.of()).stream()
                .allMatch(OwnHost::accepts);
    }

    private static void answer(HttpExchange exchange, Page page) throws IOException {
        String method = exchange.getRequestMethod();
        boolean head = method.equals("HEAD");
        if (!head && !method.equals("GET")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            exchange.sendResponseHeaders(405, -1);
            return;
        }
        byte[] body = page.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", page.contentType());
        exchange.sendResponseHeaders(page.status(), head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Stops at once. Idempotent. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}

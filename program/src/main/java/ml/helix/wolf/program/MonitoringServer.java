package ml.helix.wolf.program;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The HTTP endpoint for probes and scrapers: {@code /livez} answers 200, {@code /readyz} 200 or 503 with the reason,
 * {@code /metrics} the registry as Prometheus text, and each further page what its supplier says. GET and HEAD only.
 *
 * <p>Serves from {@link #start} on until {@link #close}; a virtual thread a request.
 */
public final class MonitoringServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("monitoring-", 0).factory());

    private MonitoringServer(HttpServer server) {
        this.server = server;
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

    /**
     * @param notReady the reason why the program isn't ready, nothing where it is
     * @param pages by path, for example {@code /status}
     * @throws IOException where the address can't be bound
     */
    public static MonitoringServer start(
            InetSocketAddress address,
            Supplier<Optional<String>> notReady,
            PrometheusRegistry registry,
            Map<String, Supplier<Page>> pages)
            throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
        var monitoring = new MonitoringServer(server);
        monitoring.serve("/", () -> Page.text(404, "no such page"));
        monitoring.serve("/livez", () -> Page.text(200, "ok"));
        monitoring.serve(
                "/readyz",
                () -> notReady.get().map(reason -> Page.text(503, reason)).orElseGet(() -> Page.text(200, "ok")));
        monitoring.serve("/metrics", () -> metrics(registry));
        pages.forEach(monitoring::serve);
        server.setExecutor(monitoring.threads);
        server.start();
        return monitoring;
    }

    /** Where it really listens: the port that the system chose for port 0. */
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

    private void serve(String path, Supplier<Page> page) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean exact =
                        path.equals("/") || exchange.getRequestURI().getPath().equals(path);
                answer(exchange, exact ? page.get() : Page.text(404, "no such page"));
            }
        });
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

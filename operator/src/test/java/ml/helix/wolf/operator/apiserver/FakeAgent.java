package ml.helix.wolf.operator.apiserver;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.program.MonitoringServer;

/** Serves an agent's /status on a loopback address, with the content that a test wants. */
final class FakeAgent implements AutoCloseable {
    private final MonitoringServer server;
    private final AtomicInteger polls = new AtomicInteger();
    private volatile String status = "{}";
    private volatile String noticesTo = "";

    /** @param port 0 for any */
    FakeAgent(String ip, int port) {
        try {
            server = MonitoringServer.start(
                    new InetSocketAddress(ip, port),
                    Optional::empty,
                    new PrometheusRegistry(),
                    Map.of("/status", request -> {
                        noticesTo = request.header("Wolf-Changes-To").orElse("");
                        int n = polls.incrementAndGet();
                        return MonitoringServer.Page.json(status.replace("<n>", String.valueOf(n)));
                    }));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.address().getPort();
    }

    int polls() {
        return polls.get();
    }

    /** Where the last poll asked for notices, and under which name; "" if it did not. */
    String noticesTo() {
        return noticesTo;
    }

    FakeAgent connected(String wolfId) {
        return connected(wolfId, 1, true);
    }

    FakeAgent connected(String wolfId, long connects, boolean wolfReachable) {
        return says("""
                {"state":"Connected","since":"2026-01-01T00:00:00.123Z","wolfId":"%s","runnerId":"wolf-%s",
                 "wolfReachable":%s,"connects":%d,"streamsTotal":<n>,"bytesToWolf":<n>,"lastError":null,"version":"1.2.3"}""".formatted(wolfId, wolfId, wolfReachable, connects));
    }

    /** With a token from a file. */
    FakeAgent connectedWithToken(String wolfId, String changedAt, boolean refused) {
        return says("""
                {"state":"Connected","since":"2026-01-01T00:00:00.123Z","wolfId":"%s","runnerId":"wolf-%s",
                 "wolfReachable":true,"connects":1,"streamsTotal":<n>,"lastError":null,"version":"1.2.3",
                 "token":{"changedAt":"%s","refused":%s}}""".formatted(wolfId, wolfId, changedAt, refused));
    }

    /** After another agent with its id has taken its place. */
    FakeAgent displaced(String wolfId, String state, long connects) {
        return says("""
                {"state":"%s","since":"2026-01-01T00:00:00Z","wolfId":"%s","wolfReachable":true,"connects":%d,
                 "lastError":{"reason":"Displaced","message":"replaced by another agent with this id"},"version":"1.2.3"}""".formatted(state, wolfId, connects));
    }

    FakeAgent failing(String reason, String message) {
        return says("""
                {"state":"Disconnected","since":"2026-01-01T00:00:00Z","wolfId":"w","wolfReachable":null,"connects":0,
                 "lastError":{"reason":"%s","message":"%s","at":"2026-01-01T00:00:00.<n>Z"},"version":"1.2.3"}""".formatted(reason, message));
    }

    /** {@code <n>} in it is another number in each answer. */
    FakeAgent says(String text) {
        status = text;
        return this;
    }

    @Override
    public void close() {
        server.close();
    }
}

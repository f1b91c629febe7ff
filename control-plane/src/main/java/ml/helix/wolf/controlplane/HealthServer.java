package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.program.MonitoringServer.Page;
import org.jspecify.annotations.Nullable;

/**
 * {@code /livez} and {@code /readyz} on a port of their own, with platform threads. So a probe doesn't wait in the queue of the
 * agents that connect, nor for the threads that serve them. Serves from {@link #start} until {@link #close}. Thread safe.
 */
final class HealthServer implements AutoCloseable {
    private final InetSocketAddress address;
    private final Supplier<TextResponse> readyz;
    private volatile @Nullable MonitoringServer server;

    HealthServer(InetSocketAddress address, Supplier<TextResponse> readyz) {
        this.address = address;
        this.readyz = readyz;
    }

    /** @throws IOException if the address can't be bound */
    void start() throws IOException {
        server = MonitoringServer.start(
                address, Map.of("/livez", request -> Page.text(200, "ok"), "/readyz", request -> page(readyz.get())));
    }

    private static Page page(TextResponse response) {
        return new Page(response.status(), response.contentType(), response.body());
    }

    /** The port that the system chose for port 0. Call it after {@link #start}. */
    int port() {
        return Objects.requireNonNull(server).address().getPort();
    }

    @Override
    public void close() {
        MonitoringServer started = server;
        if (started != null) {
            started.close();
        }
    }
}

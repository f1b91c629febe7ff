package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Probe;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Objects;

/** Carries out httpGet and tcpSocket probes against a pod's IP. Thread-safe. */
final class HttpProbe implements AutoCloseable {
    private final HttpClient http =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

    /** Whether the probe succeeds now. A probe of another kind succeeds always. */
    boolean succeeds(Probe probe, Container container, String ip) throws InterruptedException {
        Duration timeout = Duration.ofSeconds(Objects.requireNonNullElse(probe.getTimeoutSeconds(), 1));
        try {
            if (probe.getHttpGet() != null) {
                var get = probe.getHttpGet();
                String host = Objects.requireNonNullElse(get.getHost(), ip);
                URI target = URI.create("http://" + host + ":" + port(get.getPort(), container)
                        + Objects.requireNonNullElse(get.getPath(), "/"));
                HttpRequest request =
                        HttpRequest.newBuilder(target).timeout(timeout).build();
                int status = http.send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode();
                return status >= 200 && status < 400;
            }
            if (probe.getTcpSocket() != null) {
                try (Socket socket = new Socket()) {
                    int port = port(probe.getTcpSocket().getPort(), container);
                    socket.connect(new InetSocketAddress(ip, port), (int) timeout.toMillis());
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int port(IntOrString port, Container container) {
        if (port.getStrVal() == null) {
            return port.getIntVal();
        }
        return container.getPorts().stream()
                .filter(candidate -> port.getStrVal().equals(candidate.getName()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no port is named " + port.getStrVal()))
                .getContainerPort();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}

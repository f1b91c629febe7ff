package ml.helix.wolf.conformance.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import ml.helix.wolf.conformance.peer.Connection;

/** An agent as its monitoring port shows it: {@code /status}, {@code /readyz}, {@code /livez} and {@code /metrics}. */
class MonitoredAgent {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final InetSocketAddress address;

    MonitoredAgent(InetSocketAddress address) {
        this.address = address;
    }

    String host() {
        return address.getHostString();
    }

    int port() {
        return address.getPort();
    }

    JsonNode status() {
        try {
            return JSON.readTree(body("/status"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int readyz() {
        return code("/readyz");
    }

    int livez() {
        return code("/livez");
    }

    /** The value of a metric without labels. */
    double metric(String name) {
        return body("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** Requests the status until it is as wanted, for at most {@link Connection#PATIENCE}. */
    JsonNode await(Predicate<JsonNode> wanted, String what) {
        return await(Connection.PATIENCE, wanted, what);
    }

    JsonNode await(Duration patience, Predicate<JsonNode> wanted, String what) {
        long deadline = System.nanoTime() + patience.toNanos();
        JsonNode seen = status();
        while (!wanted.test(seen)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no " + what + " within " + patience + "; the last status is " + seen);
            }
            LockSupport.parkNanos(5_000_000);
            seen = status();
        }
        return seen;
    }

    /** Waits until the monitoring port answers. */
    void awaitUp() {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (true) {
            try {
                status();
                return;
            } catch (UncheckedIOException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    String body(String path) {
        return answer(path).body();
    }

    private int code(String path) {
        return answer(path).code();
    }

    private record Answer(int code, String body) {}

    /** Reads the whole body: a connection with an unread body stays open, and the agent limits open connections. */
    private Answer answer(String path) {
        try {
            HttpURLConnection connection = get(path);
            int code = connection.getResponseCode();
            try (var in = code < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                return new Answer(code, new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpURLConnection get(String path) throws IOException {
        var url = URI.create("http://127.0.0.1:" + address.getPort() + path).toURL();
        var connection = (HttpURLConnection) url.openConnection();
        connection.setReadTimeout((int) Connection.PATIENCE.toMillis());
        return connection;
    }
}

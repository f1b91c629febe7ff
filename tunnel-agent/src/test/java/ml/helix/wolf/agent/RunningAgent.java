package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/** An agent in this process, with its monitoring port on a free port, and requests to it. */
public final class RunningAgent implements AutoCloseable {
    static final String TOKEN = "the-runner-token";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Agent agent;
    private final HttpClient http = HttpClient.newHttpClient();

    private RunningAgent(Agent agent) {
        this.agent = agent;
    }

    /** Starts the agent of Wolf gpu-1 with {@link #TOKEN}, a first wait of a second and no heartbeats; {@code more} flags follow. */
    static RunningAgent start(String url, String local, String... more) throws IOException, UsageException {
        List<String> flags = new ArrayList<>(List.of("-api-url", url, "-local", local, "-listen", "127.0.0.1:0"));
        flags.add("-register=false");
        flags.addAll(List.of("-wolf-id", "gpu-1", "-token", TOKEN, "-reconnect", "1", "-drain", "60"));
        flags.addAll(List.of(more));
        Settings given = Settings.read(AgentSettings.PROGRAM, flags.toArray(String[]::new), Map.of());
        var agent = new Agent(AgentSettings.of(given, Map.of()));
        agent.start();
        return new RunningAgent(agent);
    }

    Agent agent() {
        return agent;
    }

    String status() {
        return get("/status").body();
    }

    HttpResponse<String> get(String path, String... headers) {
        try {
            InetSocketAddress address = agent.address().orElseThrow();
            URI uri = new URI("http", null, address.getAddress().getHostAddress(), address.getPort(), path, null, null);
            var request = HttpRequest.newBuilder(uri);
            if (headers.length > 0) {
                request.headers(headers);
            }
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Waits until the status contains all parts. */
    String awaitStatus(String... parts) {
        await(() -> assertThat(status()).contains(parts));
        return status();
    }

    /** Waits until the assertion holds; its last failure is the test's. */
    public static void await(Runnable assertion) {
        await(() -> {
            assertion.run();
            return true;
        });
    }

    private static void await(Supplier<Boolean> assertion) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                assertion.get();
                return;
            } catch (AssertionError e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    @Override
    public void close() {
        agent.close();
        http.close();
    }
}

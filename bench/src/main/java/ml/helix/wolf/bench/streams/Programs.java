package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.FreePort;

/**
 * A control plane with a forward and an agent, both as processes from {@code bin/}, with a {@link LocalService} in Wolf's
 * place. {@link #close} stops them and fails if one of them failed.
 */
final class Programs implements AutoCloseable {
    private static final String ADMIN_TOKEN = "admin-of-the-bench";

    private final Path root;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final LocalService service = LocalService.start();
    private final int httpPort = FreePort.choose();
    private final int forwardPort = FreePort.choose();
    private final int agentPort = FreePort.choose();
    private final Process controlPlane;
    private final Process agent;

    private Programs(Path root) throws IOException {
        this.root = root;
        controlPlane = run(
                "control-plane",
                "-listen",
                "127.0.0.1:" + httpPort,
                "-forward",
                "127.0.0.1:" + forwardPort + "=wolf-bench",
                "-store",
                "jdbc:h2:mem:bench");
        agent = run(
                "tunnel-agent",
                "-api-url",
                "http://127.0.0.1:" + httpPort,
                "-wolf-id",
                "bench",
                "-local",
                "127.0.0.1:" + service.port(),
                "-listen",
                "127.0.0.1:" + agentPort,
                "-reconnect",
                "1");
    }

    /**
     * Returns when the agent is connected.
     *
     * @param root the checkout, whose modules are packaged
     */
    static Programs start(Path root) throws IOException, InterruptedException {
        var programs = new Programs(root);
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!programs.isConnected()) {
            if (System.nanoTime() > deadline) {
                programs.close();
                throw new IOException("the agent did not connect within 60 s; see " + programs.log("tunnel-agent"));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return programs;
    }

    private Process run(String program, String... flags) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(root.resolve("bin/" + program).toString()));
        command.addAll(Arrays.asList(flags));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log(program).toFile());
        builder.environment().put("RUNNER_TOKEN", "runner-of-the-bench");
        builder.environment().put("ADMIN_TOKEN", ADMIN_TOKEN);
        builder.environment().put("LOG_LEVEL", "warn");
        return builder.start();
    }

    private Path log(String program) {
        return root.resolve("bench/target/" + program + ".log");
    }

    private boolean isConnected() throws InterruptedException {
        var ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + agentPort + "/readyz"))
                .build();
        try {
            return http.send(ready, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Calls through the forward. */
    Caller caller() {
        return new Caller(forwardPort);
    }

    /** A request to the local service through {@code …/proxy/}. */
    void request() throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + httpPort + "/api/v1/wolf-instances/wolf-bench/proxy/x"))
                .header("Authorization", "Bearer " + ADMIN_TOKEN)
                .build();
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200 || !response.body().equals("ok")) {
            throw new IOException("the proxy answered " + response.statusCode() + " " + response.body());
        }
    }

    Process controlPlane() {
        return controlPlane;
    }

    Process agent() {
        return agent;
    }

    @Override
    public void close() throws IOException {
        List<Process> both = List.of(agent, controlPlane);
        both.forEach(Process::destroy);
        for (Process process : both) {
            process.onExit().completeOnTimeout(process, 30, TimeUnit.SECONDS).join();
            process.destroyForcibly().onExit().join();
        }
        service.close();
        http.close();
        for (Process process : both) {
            if (process.exitValue() != 0) {
                throw new IOException(process.info() + " ended with exit status " + process.exitValue());
            }
        }
    }
}

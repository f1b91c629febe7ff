package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * A control plane with a forward and an agent, both as processes from {@code bin/}, with a {@link LocalService} in Wolf's
 * place. {@link #close} stops them and fails if one of them failed.
 */
final class Programs implements AutoCloseable {
    private static final String ADMIN_TOKEN = "admin-of-the-bench";
    private static final String RUNNER_TOKEN = "runner-of-the-bench";

    /** The exit status of a program that a SIGTERM has ended, and that doesn't handle it. */
    private static final int TERMINATED = 143;

    private static final Duration GRACE = Duration.ofSeconds(30);

    private final Path root;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final LocalService service = LocalService.start();
    private final int httpPort = FreePort.choose();
    private final int forwardPort = FreePort.choose();
    private final ProgramProcess controlPlane;
    private final ProgramProcess agent;
    private boolean speaksHttp;

    /** The two programs' own flags, by the ports that they are to use. */
    private interface Commands {
        List<String> controlPlane(Programs ports);

        List<String> agent(Programs ports);
    }

    private Programs(Path root, Commands commands) throws IOException {
        this.root = root;
        controlPlane = run("control-plane", commands.controlPlane(this));
        agent = run("tunnel-agent", commands.agent(this));
    }

    /**
     * Returns when the agent is connected.
     *
     * @param root the checkout, whose modules are packaged
     * @param flags more flags for the control plane
     */
    static Programs start(Path root, String... flags) throws IOException, InterruptedException {
        return new Programs(root, new Commands() {
                    @Override
                    public List<String> controlPlane(Programs ports) {
                        List<String> command = new ArrayList<>(List.of(
                                root.resolve("bin/control-plane").toString(),
                                "-listen",
                                ports.http(),
                                "-forward",
                                ports.forward() + "=wolf-bench",
                                "-store",
                                "jdbc:h2:mem:bench"));
                        command.addAll(List.of(flags));
                        return command;
                    }

                    @Override
                    public List<String> agent(Programs ports) {
                        return List.of(
                                root.resolve("bin/tunnel-agent").toString(),
                                "-api-url",
                                "http://" + ports.http(),
                                "-wolf-id",
                                "bench",
                                "-local",
                                ports.local(),
                                "-listen",
                                "off",
                                "-reconnect",
                                "1");
                    }
                })
                .awaitConnected();
    }

    /**
     * The same with two other programs.
     *
     * @param server takes {@code -listen}, {@code -forward} and {@code -id}
     * @param agent takes {@code -server}, {@code -runner-id}, {@code -token} and {@code -local}
     */
    static Programs startOthers(Path root, String server, String agent) throws IOException, InterruptedException {
        return new Programs(root, new Commands() {
                    @Override
                    public List<String> controlPlane(Programs ports) {
                        return List.of(
                                server, "-listen", ports.http(), "-forward", ports.forward(), "-id", "wolf-bench");
                    }

                    @Override
                    public List<String> agent(Programs ports) {
                        return List.of(
                                agent,
                                "-server",
                                "http://" + ports.http() + "/api/v1/revdial",
                                "-runner-id",
                                "wolf-bench",
                                "-token",
                                RUNNER_TOKEN,
                                "-local",
                                ports.local());
                    }
                })
                .awaitConnected();
    }

    private String http() {
        return "127.0.0.1:" + httpPort;
    }

    private String forward() {
        return "127.0.0.1:" + forwardPort;
    }

    private String local() {
        return "127.0.0.1:" + service.port();
    }

    private Programs awaitConnected() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!isConnected()) {
            if (System.nanoTime() > deadline) {
                close();
                throw new IOException("the agent did not connect within 60 s; see " + log("tunnel-agent"));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        speaksHttp = twoRequestsOnOneConnection();
        return this;
    }

    private ProgramProcess run(String program, List<String> command) throws IOException {
        var builder = new ProcessBuilder(command);
        builder.environment().put("RUNNER_TOKEN", RUNNER_TOKEN);
        builder.environment().put("ADMIN_TOKEN", ADMIN_TOKEN);
        builder.environment().put("LOG_LEVEL", "warn");
        Files.deleteIfExists(log(program));
        return ProgramProcess.start(builder, log(program));
    }

    private Path log(String program) {
        return root.resolve("bench/target/" + program + ".log");
    }

    private boolean isConnected() throws InterruptedException {
        try {
            request();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** A connection on which requests to the local service go through {@code …/proxy/}, one after the other. */
    RequestCaller requestCaller() throws IOException {
        return new RequestCaller(httpPort, ADMIN_TOKEN);
    }

    /** Whether the control plane keeps a caller's connection when Wolf closes its own: one that only forwards TCP can't. */
    boolean speaksHttp() {
        return speaksHttp;
    }

    private boolean twoRequestsOnOneConnection() {
        try (RequestCaller caller = requestCaller()) {
            caller.request();
            caller.request();
            return true;
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

    ProgramProcess controlPlane() {
        return controlPlane;
    }

    ProgramProcess agent() {
        return agent;
    }

    @Override
    public void close() throws IOException {
        List<ProgramProcess> both = List.of(agent, controlPlane);
        both.forEach(program -> program.stop(GRACE));
        service.close();
        http.close();
        for (ProgramProcess program : both) {
            if (program.exitStatus() != 0 && program.exitStatus() != TERMINATED) {
                throw new IOException(program + " ended with exit status " + program.exitStatus());
            }
        }
    }
}

package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * A server with a forward and an agent, both as processes, and the way through them to a {@link LocalService}. {@link #close} stops them
 * and fails if one of them failed. One thread starts and stops, all may call.
 */
public final class Tunnel implements AutoCloseable {
    private static final String ADMIN_TOKEN = "admin-of-the-bench";
    private static final String RUNNER_TOKEN = "runner-of-the-bench";

    /** The exit status of a program that a SIGTERM has ended, and that doesn't handle it. */
    private static final int TERMINATED = 143;

    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

    private final Bench bench;
    private final Pair pair;
    private final InetSocketAddress http;
    private final List<InetSocketAddress> forwards = new ArrayList<>();
    private final AtomicInteger nextForward = new AtomicInteger();
    private final int agentsPort;
    private volatile ProgramProcess server;
    private volatile ProgramProcess agent;
    private boolean speaksHttp;

    private Tunnel(Bench bench, Pair pair) throws IOException {
        this.bench = bench;
        this.pair = pair;
        http = new InetSocketAddress(bench.place().server(), FreePort.choose());
        int ports = pair.server().isOurs() ? bench.place().forwards() : 1;
        for (int i = 0; i < ports; i++) {
            forwards.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.choose()));
        }
        agentsPort = bench.place().front().applyAsInt(http.getPort());
        server = startServer();
        agent = startAgent();
    }

    /** Returns when a stream has passed. */
    public static Tunnel start(Bench bench, Pair pair) throws IOException, InterruptedException {
        var tunnel = new Tunnel(bench, pair);
        tunnel.awaitStream();
        tunnel.speaksHttp = tunnel.twoRequestsOnOneConnection();
        return tunnel;
    }

    public Pair pair() {
        return pair;
    }

    /** Calls through the forward. */
    public Caller caller() {
        return new Caller(forward());
    }

    /** The ports take turns. */
    public InetSocketAddress forward() {
        return forwards.get(Math.floorMod(nextForward.getAndIncrement(), forwards.size()));
    }

    /** A connection on which requests to the local service go through {@code …/proxy/}, one after the other. */
    public RequestCaller requestCaller() throws IOException {
        return new RequestCaller(bench.sockets(), http, ADMIN_TOKEN);
    }

    /** Whether the server keeps a caller's connection when Wolf closes its own: one that only forwards TCP can't. */
    public boolean speaksHttp() {
        return speaksHttp;
    }

    /** Where the server listens for agents. */
    public InetSocketAddress http() {
        return http;
    }

    public JavaProcess server() {
        return new JavaProcess(server);
    }

    public JavaProcess agent() {
        return new JavaProcess(agent);
    }

    /**
     * Stops the agent, starts it again, and returns the time from its start until a stream has passed.
     *
     * @param kill by SIGKILL instead of SIGTERM
     */
    public Duration restartAgent(boolean kill) throws IOException, InterruptedException {
        stop(agent, kill);
        long start = System.nanoTime();
        agent = startAgent();
        awaitStream();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** Stops the server and starts it again, on the same ports; returns when a stream has passed. */
    public void restartServer(boolean kill) throws IOException, InterruptedException {
        stop(server, kill);
        server = startServer();
        awaitStream();
    }

    private static void stop(ProgramProcess program, boolean kill) {
        if (kill) {
            program.kill();
        } else {
            program.stop(STOP_LIMIT);
        }
    }

    private void awaitStream() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            try {
                caller().dial(1);
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !server.isAlive() || !agent.isAlive()) {
                    close();
                    throw new IOException("no stream passed " + pair.name() + " after its start; see " + log("*"), e);
                }
                TimeUnit.MILLISECONDS.sleep(3);
            }
        }
    }

    private ProgramProcess startServer() throws IOException {
        Program program = pair.server();
        List<String> command = new ArrayList<>();
        if (program.isOurs()) {
            command.addAll(List.of(
                    program.checkout().resolve("bin/control-plane").toString(),
                    "-listen",
                    text(http),
                    "-forward",
                    forwards.stream()
                            .map(forward -> text(forward) + "=wolf-bench")
                            .collect(Collectors.joining(",")),
                    "-store",
                    "jdbc:h2:mem:bench"));
            bench.tls()
                    .ifPresent(tls -> command.addAll(List.of(
                            "-tls-cert-file",
                            tls.server().certificate().toString(),
                            "-tls-key-file",
                            tls.server().key().toString())));
        } else {
            command.addAll(List.of(
                    program.executable().orElseThrow().toString(),
                    "-listen",
                    text(http),
                    "-forward",
                    text(forwards.getFirst()),
                    "-id",
                    "wolf-bench"));
        }
        return run("control-plane", command, program);
    }

    private ProgramProcess startAgent() throws IOException {
        Program program = pair.agent();
        String url = bench.tls().isPresent()
                ? "https://localhost:" + agentsPort
                : "http://" + text(new InetSocketAddress(http.getAddress(), agentsPort));
        String local = text(bench.local());
        List<String> command = new ArrayList<>(bench.place().agentPrefix());
        if (program.isOurs()) {
            command.addAll(List.of(
                    program.checkout().resolve("bin/tunnel-agent").toString(),
                    "-api-url",
                    url,
                    "-wolf-id",
                    "bench",
                    "-local",
                    local,
                    "-listen",
                    "off",
                    "-reconnect",
                    "1"));
            bench.tls()
                    .ifPresent(tls ->
                            command.addAll(List.of("-ca-file", tls.caFile().toString())));
        } else {
            command.addAll(List.of(
                    program.executable().orElseThrow().toString(),
                    "-server",
                    url + "/api/v1/revdial",
                    "-runner-id",
                    "wolf-bench",
                    "-token",
                    RUNNER_TOKEN,
                    "-local",
                    local));
        }
        return run("tunnel-agent", command, program);
    }

    private ProgramProcess run(String role, List<String> command, Program program) throws IOException {
        command.addAll(program.flags());
        var builder = new ProcessBuilder(command);
        builder.environment().put("RUNNER_TOKEN", RUNNER_TOKEN);
        builder.environment().put("ADMIN_TOKEN", ADMIN_TOKEN);
        builder.environment().putIfAbsent("LOG_LEVEL", "warn");
        Files.deleteIfExists(log(role));
        return ProgramProcess.start(builder, log(role));
    }

    private Path log(String role) {
        String name = pair.name().replaceAll("[^A-Za-z0-9.+-]+", "_");
        return bench.root().resolve("bench/target/" + name + "-" + role + ".log");
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

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Override
    public void close() throws IOException {
        List<ProgramProcess> both = List.of(agent, server);
        both.forEach(program -> program.stop(STOP_LIMIT));
        for (ProgramProcess program : both) {
            if (program.exitStatus() != 0 && program.exitStatus() != TERMINATED) {
                throw new IOException(program + " ended with exit status " + program.exitStatus());
            }
        }
    }
}

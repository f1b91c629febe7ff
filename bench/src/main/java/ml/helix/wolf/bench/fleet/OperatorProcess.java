package ml.helix.wolf.bench.fleet;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;

/** One {@code bin/operator} as a process, with its counters, memory and CPU time. Linux only. */
final class OperatorProcess implements AutoCloseable {
    private static final Pattern SAMPLE = Pattern.compile("(?m)^(wolf_operator_\\w+)(\\{[^}]*})? (\\S+)");

    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private final ProgramProcess process;
    private final int port;
    private final HttpClient http = HttpClient.newHttpClient();
    private final long startedIn;

    /** Returns when it is ready. */
    OperatorProcess(Path root, String namespace) throws IOException, InterruptedException {
        port = FreePort.choose();
        var builder = new ProcessBuilder(root.resolve("bin/operator").toString());
        builder.environment()
                .putAll(Map.of(
                        "AGENT_IMAGE",
                        "registry.example.com/wolf/tunnel-agent:0.1.0",
                        "WATCH_NAMESPACES",
                        namespace,
                        "LEADER_ELECTION",
                        System.getenv().getOrDefault("LEADER_ELECTION", "false"),
                        "OPERATOR_LISTEN",
                        "127.0.0.1:" + port,
                        "OPERATOR_NOTICES",
                        System.getenv().getOrDefault("OPERATOR_NOTICES", "127.0.0.1:0"),
                        "LOG_LEVEL",
                        "warn"));
        long began = System.nanoTime();
        process = ProgramProcess.start(builder, root.resolve("operator/target/scale.log"));
        while (!ready()) {
            if (!process.isAlive() || System.nanoTime() - began > 120_000_000_000L) {
                throw new IllegalStateException(
                        "the operator did not become ready within 2 minutes; see operator/target/scale.log");
            }
            Thread.sleep(20);
        }
        startedIn = (System.nanoTime() - began) / 1_000_000;
    }

    /** From the start of the process to its first readiness, in ms. */
    long startedIn() {
        return startedIn;
    }

    private boolean ready() throws InterruptedException {
        try {
            return get("/readyz").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                BodyHandlers.ofString());
    }

    /** The operator's own counters by name and labels. */
    Counts counts() throws IOException, InterruptedException {
        var counts = new TreeMap<String, Double>();
        for (Matcher sample = SAMPLE.matcher(get("/metrics").body()); sample.find(); ) {
            counts.put(
                    sample.group(1) + (sample.group(2) == null ? "" : sample.group(2)),
                    Double.valueOf(sample.group(3)));
        }
        return new Counts(counts);
    }

    /** Returns when every agent has been polled once and nothing was reconciled for three seconds. */
    void awaitCalm(int agents) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + 240_000_000_000L;
        var before = counts();
        while (System.nanoTime() < deadline) {
            Thread.sleep(3_000);
            var now = counts();
            if (now.of("wolf_operator_agent_polls_total") >= agents
                    && now.since(before).reconciliations() == 0) {
                return;
            }
            before = now;
        }
        throw new IllegalStateException("the operator still reconciles after 4 minutes");
    }

    /** Counters as they were at one time. */
    record Counts(Map<String, Double> values) {
        Counts since(Counts before) {
            var grown = new TreeMap<String, Double>();
            values.forEach((name, value) -> {
                double more = value - before.values.getOrDefault(name, 0.0);
                if (more != 0) {
                    grown.put(name, more);
                }
            });
            return new Counts(grown);
        }

        int of(String name, String... labels) {
            return (int) values.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(name))
                    .filter(entry -> Arrays.stream(labels).allMatch(entry.getKey()::contains))
                    .mapToDouble(Map.Entry::getValue)
                    .sum();
        }

        int requests() {
            return of("wolf_operator_api_requests_total");
        }

        int writes() {
            return of("wolf_operator_api_requests_total", "verb=\"patch\"")
                    + of("wolf_operator_api_requests_total", "verb=\"create\"")
                    + of("wolf_operator_api_requests_total", "verb=\"update\"");
        }

        int reconciliations() {
            return of("wolf_operator_statuses_total");
        }
    }

    /** Its memory, CPU time and threads. */
    JavaProcess usage() {
        return new JavaProcess(process);
    }

    @Override
    public void close() {
        process.stop(STOP_LIMIT);
    }
}

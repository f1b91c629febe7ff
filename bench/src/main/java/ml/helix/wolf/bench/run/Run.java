package ml.helix.wolf.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Measurements;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.figures.Table;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.LocalService;
import ml.helix.wolf.bench.streams.Pair;
import ml.helix.wolf.bench.streams.ProcessUsage;
import ml.helix.wolf.bench.streams.Tunnel;

/** One table: starts all programs, measures row by row, each with all programs in turn, and looks for leaks at the end. */
final class Run {
    /** The rounds in which programs compile what they run. Their figures don't count. */
    private static final int WARM_UP_ROUNDS = 2;

    /** The first window of rows with new connections, at least: these run more code than bytes do, and each of it seldom. */
    private static final Duration FIRST_CONNECTIONS = Duration.ofSeconds(3);

    /** For all windows of all rounds, if nobody says how long one is: the rest of 5 minutes is for warm-up, starts and rests. */
    private static final Duration TIME_FOR_WINDOWS = Duration.ofSeconds(135);

    private static final int STARTS = 3;
    private static final int HELD = 1000;
    private static final Duration SETTLE = Duration.ofSeconds(5);
    private static final Duration REST = Duration.ofSeconds(60);

    /** What {@code -only} takes. */
    static final List<String> ROWS = Stream.concat(
                    Scenario.all(Optional.empty()).keySet().stream(), Stream.of("start", "held", "memory"))
            .toList();

    /** The same, with {@code -tls true} only. */
    static final List<String> TLS_ROWS = List.of("handshakes", "resumption");

    private final Path root;
    private final Flags flags;
    private final Measurements measurements;
    private final List<String> leaks = new ArrayList<>();
    private final Map<JavaProcess, ProcessUsage> before = new LinkedHashMap<>();

    Run(Path root, Flags flags) {
        this.root = root;
        this.flags = flags;
        this.measurements = new Measurements(
                Stream.concat(Stream.of(Table.RAW), flags.pairs().stream().map(Pair::name))
                        .toList());
    }

    /** What holds more after its streams than before. */
    List<String> leaks() {
        return leaks;
    }

    Table measure() throws Exception {
        Instant began = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        List<Tunnel> tunnels = new ArrayList<>();
        try (var service = LocalService.start()) {
            Optional<Bench.Tls> tls =
                    flags.tls() ? Optional.of(Bench.Tls.in(Files.createTempDirectory("bench-tls"))) : Optional.empty();
            var bench = new Bench(root, service, tls);
            try {
                for (Pair pair : flags.pairs()) {
                    tunnels.add(Tunnel.start(bench, pair));
                }
                measure(bench, tunnels);
            } finally {
                for (Tunnel tunnel : tunnels) {
                    tunnel.close();
                }
            }
        }
        return measurements.table("%s%s, %d processors, %s"
                .formatted(
                        began,
                        flags.tls() ? ", TLS" : "",
                        Runtime.getRuntime().availableProcessors(),
                        "Java " + Runtime.version().feature()));
    }

    private void measure(Bench bench, List<Tunnel> tunnels) throws Exception {
        if (flags.only().contains("start")) {
            starts(tunnels);
        }
        boolean memory = flags.only().contains("memory");
        if (memory) {
            TimeUnit.MILLISECONDS.sleep(SETTLE.toMillis());
            for (Tunnel tunnel : tunnels) {
                memory(tunnel, "idle");
            }
        }
        rounds(
                Scenario.all(bench.tls()),
                Stream.concat(Stream.of(Target.raw(bench)), tunnels.stream().map(Target::of))
                        .toList());
        if (flags.only().contains("resumption")) {
            for (Pair pair : flags.pairs()) {
                TlsRows.resumption(bench, pair).forEach(figure -> measurements.add(pair.name(), figure));
            }
        }
        if (flags.only().contains("held")) {
            for (Tunnel tunnel : tunnels) {
                Held.measure(Target.of(tunnel), HELD).forEach(figure -> add(tunnel, figure));
            }
        }
        if (memory) {
            TimeUnit.MILLISECONDS.sleep(REST.toMillis());
            for (Tunnel tunnel : tunnels) {
                memory(tunnel, "idle again, after a minute");
                add(tunnel, new Figure(Metric.less("RSS at most, agent", "MiB"), mebibytes(tunnel.agent(), "VmHWM")));
                add(tunnel, new Figure(Metric.less("RSS at most, server", "MiB"), mebibytes(tunnel.server(), "VmHWM")));
            }
            for (var one : before.entrySet()) {
                ProcessUsage after = ProcessUsage.settled(one.getKey(), one.getValue());
                if (after.exceeds(one.getValue())) {
                    leaks.add("%s holds %s after its streams, and held %s before"
                            .formatted(one.getKey().process(), after, one.getValue()));
                }
            }
        }
    }

    private void rounds(Map<String, Scenario> scenarios, List<Target> targets) throws Exception {
        scenarios.keySet().retainAll(flags.only());
        if (scenarios.isEmpty()) {
            return;
        }
        int warmUp = flags.rounds() == 1 ? 0 : WARM_UP_ROUNDS;
        int rounds = warmUp + flags.rounds();
        Duration window = flags.window()
                .orElseGet(() -> TIME_FOR_WINDOWS.dividedBy((long) scenarios.size() * targets.size() * rounds));
        for (int round = 0; round < rounds; round++) {
            if (round == warmUp && flags.only().contains("memory")) {
                for (JavaProcess process : ourProcesses(targets)) {
                    before.put(process, ProcessUsage.settled(process));
                }
            }
            for (var scenario : scenarios.entrySet()) {
                Duration time = round == 0 && warmUp > 0 && Scenario.opensConnections(scenario.getKey())
                        ? Collections.max(List.of(window, FIRST_CONNECTIONS))
                        : window;
                for (Target target : targets) {
                    List<Figure> figures = measure(scenario, target, time);
                    if (round >= warmUp) {
                        figures.forEach(figure -> measurements.add(target.column(), figure));
                    }
                }
            }
        }
    }

    private static List<Figure> measure(Map.Entry<String, Scenario> scenario, Target target, Duration time)
            throws Exception {
        try {
            return scenario.getValue().measure(target, time);
        } catch (ExecutionException e) {
            throw new IOException("row " + scenario.getKey() + " failed with " + target.column(), e.getCause());
        }
    }

    private static List<JavaProcess> ourProcesses(List<Target> targets) {
        return targets.stream()
                .flatMap(target -> target.tunnel().stream())
                .filter(tunnel -> tunnel.pair().isOurs())
                .flatMap(tunnel -> Stream.of(tunnel.agent(), tunnel.server()))
                .toList();
    }

    private void add(Tunnel tunnel, Figure figure) {
        measurements.add(tunnel.pair().name(), figure);
    }

    private void memory(Tunnel tunnel, String when) throws IOException {
        memory(tunnel, tunnel.agent(), when + ", agent");
        memory(tunnel, tunnel.server(), when + ", server");
    }

    private void memory(Tunnel tunnel, JavaProcess process, String what) throws IOException {
        add(tunnel, new Figure(Metric.less("RSS " + what, "MiB"), mebibytes(process, "VmRSS")));
        add(tunnel, new Figure(Metric.less("… of which anonymous " + what, "MiB"), mebibytes(process, "RssAnon")));
    }

    private static double mebibytes(JavaProcess process, String field) throws IOException {
        return process.status(field) / 1024.0;
    }

    private void starts(List<Tunnel> tunnels) throws IOException, InterruptedException {
        var metric = Metric.less("start of the agent to the first stream", "ms");
        for (int i = 0; i < STARTS; i++) {
            for (Tunnel tunnel : tunnels) {
                add(tunnel, new Figure(metric, tunnel.restartAgent(false).toNanos() / 1e6));
            }
        }
    }
}

package ml.helix.wolf.bench.longhaul;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Measurements;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.figures.Table;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Pair;
import ml.helix.wolf.bench.streams.Tunnel;

/** {@code bench/long-haul}; see bench/README.md. Runs in the near network namespace. */
public final class Main {
    private static final String USAGE = """
            usage: bench/long-haul [-delay MS] [-loss PERCENT] [-seconds N] [-buffers MIB] [SERVER AGENT]...
              -delay    in each direction, default 50
              -loss     of the packets in each direction, beside none, default 1
              -seconds  how long each stream sends, default 10
              -buffers  the largest socket buffers that the system grows to; default: Linux's own, 4 MiB to send and 6 MiB to receive
              SERVER AGENT  pairs, as bench/run takes them; default ours
            """;
    /** One that takes loss for congestion, and one that doesn't. The system may keep some from other network namespaces than its own. */
    private static final List<List<String>> CONGESTION_CONTROLS = List.of(List.of("cubic", "reno"), List.of("bbr"));

    private final Map<String, String> flags;
    private final List<Pair> pairs;
    private final Namespaces namespaces;
    private final Link link;
    private final Measurements measurements;

    private Main(String far, Map<String, String> flags, List<Pair> pairs) {
        this.flags = flags;
        this.pairs = pairs;
        namespaces = new Namespaces(far);
        link = new Link(Duration.ofMillis(number("-delay")));
        measurements = new Measurements(
                Stream.concat(Stream.of(Table.RAW), pairs.stream().map(Pair::name))
                        .toList());
    }

    /** Usage: {@code Main ROOT FAR-NAMESPACE [flags] [SERVER AGENT]...}. */
    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        Map<String, String> flags =
                new HashMap<>(Map.of("-delay", "50", "-loss", "1", "-seconds", "10", "-buffers", "0"));
        int next = 2;
        Main main;
        try {
            for (; next < arguments.length && arguments[next].startsWith("-"); next += 2) {
                if (next + 1 == arguments.length || !arguments[next + 1].matches("\\d{1,4}")) {
                    throw new IllegalArgumentException(arguments[next] + " needs a number");
                }
                if (flags.replace(arguments[next], arguments[next + 1]) == null) {
                    throw new IllegalArgumentException(arguments[next] + " is unknown");
                }
            }
            List<String> programs = List.of(arguments).subList(next, arguments.length);
            main = new Main(
                    arguments[1], flags, Pair.parse(root, programs.isEmpty() ? List.of("ours", "ours") : programs));
        } catch (IllegalArgumentException e) {
            System.err.println("bench/long-haul: " + e.getMessage() + "\n" + USAGE);
            System.exit(2);
            return;
        }
        main.measure(root);
        System.exit(0);
    }

    private int number(String flag) {
        return Integer.parseInt(Objects.requireNonNull(flags.get(flag)));
    }

    private void measure(Path root) throws Exception {
        int mebibytes = number("-buffers");
        namespaces.join(link);
        namespaces.set("net/ipv4/tcp_rmem", "4096 131072 " + (mebibytes == 0 ? 6_291_456 : mebibytes << 20));
        namespaces.set("net/ipv4/tcp_wmem", "4096 16384 " + (mebibytes == 0 ? 4_194_304 : mebibytes << 20));
        Process service = startService(root);
        try {
            var local = new InetSocketAddress(
                    Namespaces.FAR_ADDRESS,
                    Integer.parseInt(service.inputReader().readLine()));
            var bench = new Bench(
                    root,
                    local,
                    Optional.empty(),
                    new Bench.Place(Namespaces.NEAR_ADDRESS, namespaces.inFar(), IntUnaryOperator.identity(), 1));
            for (List<String> alternatives : CONGESTION_CONTROLS) {
                Optional<String> control = namespaces.setToFirst("net/ipv4/tcp_congestion_control", alternatives);
                if (control.isPresent()) {
                    measure(bench, control.get());
                }
            }
        } finally {
            service.destroyForcibly().onExit().join();
        }
        System.out.printf(
                "%d ms each way, %d processors; %d packets were lost because the link was full%n%n",
                number("-delay"), Runtime.getRuntime().availableProcessors(), link.overflows());
        System.out.println(measurements.table("").markdown());
    }

    private Process startService(Path root) throws IOException {
        List<String> command = new ArrayList<>(namespaces.inFar());
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FarService.class.getName(),
                root.toString(),
                Namespaces.FAR_ADDRESS.getHostAddress()));
        return new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    }

    private void measure(Bench bench, String control) throws Exception {
        for (double loss : new double[] {0, number("-loss") / 100.0}) {
            link.lose(loss);
            String condition = "%s, %.0f %% loss".formatted(control, 100 * loss);
            measure(
                    Table.RAW,
                    condition,
                    new Caller(bench.local()),
                    bench.local().getPort(),
                    true);
            for (Pair pair : pairs) {
                // A tunnel of its own each time: a data connection that is kept has the old congestion control and
                // window.
                try (Tunnel tunnel = Tunnel.start(bench, pair)) {
                    measure(
                            pair.name(),
                            condition,
                            tunnel.caller(),
                            tunnel.http().getPort(),
                            false);
                }
            }
        }
    }

    /**
     * @param port of the connection over the link
     * @param isFar whether that port is in the far namespace
     */
    private void measure(String column, String condition, Caller caller, int port, boolean isFar) throws Exception {
        Duration time = Duration.ofSeconds(number("-seconds"));
        for (boolean down : new boolean[] {true, false}) {
            List<String> sender = down ? namespaces.inFar() : List.of();
            String filter = "( %s = :%d )".formatted(down == isFar ? "sport" : "dport", port);
            var limits = new AtomicReference<Optional<Limits>>(Optional.empty());
            Thread watcher = Thread.ofPlatform().start(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(time.toMillis() * 9 / 10);
                    limits.set(Limits.ofBusiest(sender, filter));
                } catch (InterruptedException | IOException e) {
                    System.err.println("bench/long-haul: ss: " + e.getMessage());
                }
            });
            long start = System.nanoTime();
            long bytes = down ? caller.download(time) : caller.upload(time);
            double seconds = (System.nanoTime() - start) / 1e9;
            watcher.join();
            String name = "one stream %s, %s".formatted(down ? "down" : "up", condition);
            measurements.add(column, new Figure(Metric.more(name, "MiB/s"), bytes / seconds / (1 << 20)));
            limits.get().stream()
                    .flatMap(found -> found.figures(name).stream())
                    .forEach(figure -> measurements.add(column, figure));
        }
    }
}

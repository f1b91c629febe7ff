package ml.helix.wolf.bench.soak;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.LocalService;
import ml.helix.wolf.bench.streams.Pair;
import ml.helix.wolf.bench.streams.ProcessUsage;
import ml.helix.wolf.bench.streams.Tunnel;

/** {@code bench/soak}; see bench/README.md. */
public final class Main {
    private static final Duration LONGEST_BETWEEN_RESTARTS = Duration.ofSeconds(30);

    private final Tunnel tunnel;
    private final Restarts restarts = new Restarts();
    private final Churn churn;
    private final List<String> faults = new CopyOnWriteArrayList<>();

    private Main(Tunnel tunnel) {
        this.tunnel = tunnel;
        churn = new Churn(tunnel, restarts);
    }

    /** Usage: {@code Main ROOT [-minutes N]}. */
    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        boolean given =
                arguments.length == 3 && arguments[1].equals("-minutes") && arguments[2].matches("[1-9]\\d{0,3}");
        if (!given && arguments.length != 1) {
            System.err.println("usage: bench/soak [-minutes N], default 10");
            System.exit(2);
        }
        Duration time = Duration.ofMinutes(given ? Long.parseLong(arguments[2]) : 10);
        List<String> faults;
        try (var service = LocalService.start();
                var tunnel = Tunnel.start(
                        new Bench(root, service, Optional.empty()),
                        Pair.parse(root, List.of("ours", "ours")).getFirst())) {
            var soak = new Main(tunnel);
            soak.run(time);
            faults = soak.faults;
        }
        faults.forEach(fault -> System.err.println("bench/soak: " + fault));
        System.exit(faults.isEmpty() ? 0 : 1);
    }

    private void run(Duration time) throws Exception {
        // Restarts in the first third, so that both programs are warm when their memory is watched.
        Thread restarting = Thread.ofPlatform().start(() -> restart(time.dividedBy(3)));
        churn.run(time.multipliedBy(4).dividedBy(10), 1);
        restarting.join();
        Map<String, JavaProcess> programs = new LinkedHashMap<>();
        programs.put("agent", tunnel.agent());
        programs.put("control plane", tunnel.server());
        Map<String, ProcessUsage> before = new LinkedHashMap<>();
        for (var program : programs.entrySet()) {
            before.put(program.getKey(), ProcessUsage.settled(program.getValue()));
        }
        Duration watched = time.multipliedBy(6).dividedBy(10);
        var trends = new Trends(programs);
        Thread sampling = Thread.ofPlatform().start(() -> trends.sample(watched.dividedBy(3), watched));
        churn.run(watched, 1_000_000);
        sampling.join();
        trends.judge(faults);
        for (var program : programs.entrySet()) {
            ProcessUsage was = Objects.requireNonNull(before.get(program.getKey()));
            ProcessUsage is = ProcessUsage.settled(program.getValue(), was);
            System.out.printf("- %s without streams: %s before, %s after%n", program.getKey(), was, is);
            if (is.exceeds(was)) {
                faults.add(program.getKey() + " holds " + is + " after all streams, and held " + was + " before");
            }
        }
        System.out.printf(
                "- %d restarts cut %d streams; %,d MiB arrived as they were sent; streams that ended well: %s; lost or corrupted: %d%n",
                restarts.count(),
                churn.cut(),
                churn.bytes() >> 20,
                churn.done(),
                churn.failures().size());
        churn.failures().stream().limit(10).forEach(faults::add);
    }

    /** Agent and control plane in turn, by SIGTERM and by SIGKILL. */
    private void restart(Duration time) {
        var random = new SplittableRandom(1);
        long end = System.nanoTime() + time.toNanos();
        try {
            for (int i = 0; System.nanoTime() < end; i++) {
                TimeUnit.MILLISECONDS.sleep(5000 + random.nextLong(LONGEST_BETWEEN_RESTARTS.toMillis()));
                restarts.begin();
                boolean killed = i % 4 >= 2;
                if (i % 2 == 0) {
                    tunnel.restartAgent(killed);
                } else {
                    tunnel.restartServer(killed);
                }
                restarts.end();
            }
        } catch (IOException | InterruptedException e) {
            faults.add("a restart failed: " + e);
        }
    }
}

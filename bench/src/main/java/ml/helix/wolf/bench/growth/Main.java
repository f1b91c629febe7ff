package ml.helix.wolf.bench.growth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import ml.helix.wolf.bench.figures.Plot;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;
import ml.helix.wolf.bench.streams.CorruptionException;
import ml.helix.wolf.bench.streams.LocalService;
import ml.helix.wolf.bench.streams.Pair;
import ml.helix.wolf.bench.streams.Tunnel;

/** {@code bench/growth}; see bench/README.md. */
public final class Main {
    private static final List<Integer> SIZES = List.of(1, 10, 100, 1000, 5000);
    /** A forward of a control plane of ours takes 1,024 connections. */
    private static final int FORWARDS = 8;

    private static final int OPENING_AT_ONCE = 32;
    private static final int BLOCK = 16 * 1024;
    private static final Duration WARM_UP = Duration.ofSeconds(3);
    private static final Duration WINDOW = Duration.ofSeconds(4);
    /** A data connection whose peer is silent lingers for 30 s. */
    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(60);

    private Main() {}

    /**
     * With so many streams.
     *
     * @param held how many there was room for
     * @param agentKiB RSS of each while nothing flows, beyond that without streams
     * @param throughput of all together, MiB/s from Wolf
     * @param lost how many of them broke
     * @param agentMiB the whole RSS, after the transfers
     */
    record Step(
            int streams,
            int held,
            double agentKiB,
            double serverKiB,
            int agentThreads,
            int serverThreads,
            double throughput,
            int lost,
            double agentMiB,
            double serverMiB) {}

    /** Usage: {@code Main ROOT [-sizes N,...] [SERVER AGENT]}. */
    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        List<Integer> sizes = SIZES;
        List<Pair> pairs;
        try {
            List<String> programs = Arrays.asList(arguments).subList(1, arguments.length);
            if (programs.size() > 1 && programs.getFirst().equals("-sizes")) {
                sizes = Stream.of(programs.get(1).split(","))
                        .map(Integer::valueOf)
                        .toList();
                programs = programs.subList(2, programs.size());
            }
            pairs = Pair.parse(root, programs.isEmpty() ? List.of("ours", "ours") : programs);
            if (pairs.size() != 1) {
                throw new IllegalArgumentException("one pair at a time");
            }
        } catch (IllegalArgumentException e) {
            System.err.println(
                    "bench/growth: " + e.getMessage() + "\nusage: bench/growth [-sizes N,...] [SERVER AGENT]");
            System.exit(2);
            return;
        }
        List<Step> steps = new ArrayList<>();
        try (var service = LocalService.start()) {
            var bench = new Bench(
                    root,
                    service.address(),
                    Optional.empty(),
                    new Bench.Place(Bench.Place.HERE.server(), List.of(), Bench.Place.HERE.front(), FORWARDS));
            for (int size : sizes) {
                // New programs each time: what memory a JVM has once taken it gives back late.
                try (Tunnel tunnel = Tunnel.start(bench, pairs.getFirst())) {
                    steps.add(measure(tunnel, size));
                    System.err.println(steps.getLast());
                }
            }
        }
        System.out.println(markdown(steps));
        Path svg = root.resolve("bench/target/growth.svg");
        Files.writeString(svg, svg(steps));
        System.err.println("The same as a plot: " + svg);
        System.exit(0);
    }

    private static Step measure(Tunnel tunnel, int streams) throws Exception {
        JavaProcess agent = tunnel.agent();
        JavaProcess server = tunnel.server();
        transfer(tunnel, 4, WARM_UP);
        TimeUnit.SECONDS.sleep(4); // until the pool has let its data connections go
        int agentDescriptors = agent.descriptors().size();
        int serverDescriptors = server.descriptors().size();
        double agentBefore = agent.status("VmRSS");
        double serverBefore = server.status("VmRSS");
        var full = new AtomicBoolean();
        Queue<Caller.Held> open = new ConcurrentLinkedQueue<>();
        double agentKiB;
        double serverKiB;
        int agentThreads;
        int serverThreads;
        int held;
        try {
            Concurrently.run(Math.min(OPENING_AT_ONCE, streams), i -> {
                for (int j = i; j < streams && !full.get(); j += OPENING_AT_ONCE) {
                    try {
                        open.add(tunnel.caller().hold(j));
                    } catch (IOException e) {
                        full.set(true);
                    }
                }
            });
            for (Caller.Held stream : open) {
                stream.echo();
            }
            held = Math.max(open.size(), 1);
            agentKiB = (agent.status("VmRSS") - agentBefore) / held;
            serverKiB = (server.status("VmRSS") - serverBefore) / held;
            agentThreads = agent.status("Threads");
            serverThreads = server.status("Threads");
        } finally {
            for (Caller.Held stream : open) {
                stream.close();
            }
        }
        awaitDescriptors(agent, agentDescriptors);
        awaitDescriptors(server, serverDescriptors);
        Transfer transfer = transfer(tunnel, held, WINDOW);
        return new Step(
                streams,
                open.size(),
                agentKiB,
                serverKiB,
                agentThreads,
                serverThreads,
                transfer.mebibytesPerSecond(),
                transfer.lost(),
                agent.status("VmRSS") / 1024.0,
                server.status("VmRSS") / 1024.0);
    }

    /** Waits until the process has closed what the last streams had open: until then each of them still has its place. */
    private static void awaitDescriptors(JavaProcess process, int before) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + CLOSED_WITHIN.toNanos();
        while (process.descriptors().size() > before) {
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        process + " has " + process.descriptors().size() + " descriptors, " + before + " before");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** @param lost how many streams broke */
    private record Transfer(double mebibytesPerSecond, int lost) {}

    /** Downloads on so many streams at once. */
    private static Transfer transfer(Tunnel tunnel, int streams, Duration time) throws Exception {
        var bytes = new AtomicLong();
        var lost = new AtomicInteger();
        long start = System.nanoTime();
        Concurrently.run(streams, i -> {
            try {
                bytes.addAndGet(new Caller(tunnel.forward(), BLOCK).download(time));
            } catch (CorruptionException e) {
                throw e;
            } catch (IOException e) {
                if (lost.incrementAndGet() == 1) {
                    System.err.printf(
                            "bench/growth: the first stream that broke, after %.1f s: %s%n",
                            (System.nanoTime() - start) / 1e9, e);
                }
            }
        });
        return new Transfer(bytes.get() / (double) (1 << 20) / ((System.nanoTime() - start) / 1e9), lost.get());
    }

    static String markdown(List<Step> steps) {
        var text = new StringBuilder("""
                | streams | held | KiB for each, agent | KiB for each, control plane | threads, agent | threads, control plane | MiB/s | lost | RSS after the transfers, agent (MiB) | … control plane (MiB) |
                |---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
                """);
        for (Step step : steps) {
            text.append("| %,d | %,d | %.0f | %.0f | %d | %d | %.0f | %d | %.0f | %.0f |\n"
                    .formatted(
                            step.streams,
                            step.held,
                            step.agentKiB,
                            step.serverKiB,
                            step.agentThreads,
                            step.serverThreads,
                            step.throughput,
                            step.lost,
                            step.agentMiB,
                            step.serverMiB));
        }
        return text.toString();
    }

    static String svg(List<Step> steps) {
        List<String> x =
                steps.stream().map(step -> "%,d".formatted(step.streams)).toList();
        return Plot.svg(List.of(
                new Plot(
                        "RSS after the transfers (MiB)",
                        x,
                        series(
                                "agent", steps.stream().map(Step::agentMiB).toList(),
                                "control plane",
                                        steps.stream().map(Step::serverMiB).toList())),
                new Plot(
                        "threads",
                        x,
                        series(
                                "agent",
                                        steps.stream()
                                                .map(step -> (double) step.agentThreads)
                                                .toList(),
                                "control plane",
                                        steps.stream()
                                                .map(step -> (double) step.serverThreads)
                                                .toList())),
                new Plot(
                        "throughput of all (MiB/s)",
                        x,
                        Map.of("down", steps.stream().map(Step::throughput).toList()))));
    }

    private static Map<String, List<Double>> series(
            String first, List<Double> ofFirst, String second, List<Double> ofSecond) {
        Map<String, List<Double>> series = new LinkedHashMap<>();
        series.put(first, ofFirst);
        series.put(second, ofSecond);
        return series;
    }
}

package ml.helix.wolf.bench.streams;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * {@code bench/requests}: how many dials and requests a second one busy id takes, with and without a pool, cold and warm.
 *
 * <p>Cold is each kind's first window of a new pair of programs. Warm begins when the rates of all are steady.
 */
public final class RequestBench {
    private static final int AT_ONCE = 32;
    /** Windows of each kind after the warm-up. */
    private static final int WARM_WINDOWS = 5;
    /** So many windows in a row whose rates differ by {@link #STEADY} at most are steady. */
    private static final int STEADY_WINDOWS = 3;

    private static final double STEADY = 0.10;
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(120);
    private static final Duration OWN_WARM_UP = Duration.ofSeconds(5);

    private final int count;
    private final Map<Kind, List<Window>> windows = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    /** What a window is of. */
    private record Kind(String pair, String calls) {}

    /** Some calls: how many a second, and the processor time that each took. */
    private record Window(double perSecond, double controlPlaneMillis, double agentMillis) {}

    /**
     * A line of the result.
     *
     * @param state {@code cold}, {@code warm}, or {@code not steady}: still warming up when the time was over
     * @param ofOthers the rate, in that of each of the others in the same state
     */
    private record Result(
            String pair,
            String calls,
            String state,
            double perSecond,
            double controlPlaneMillis,
            double agentMillis,
            Map<String, Double> ofOthers) {}

    private RequestBench(int count) {
        this.count = count;
    }

    /** Usage: {@code RequestBench ROOT [CALLS [SERVER AGENT]...]}: pairs of other programs to compare with. */
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        var bench = new RequestBench(args.length > 1 ? Integer.parseInt(args[1]) : 2000);
        bench.warmOneself();
        Map<String, Programs> pairs = new LinkedHashMap<>();
        try {
            pairs.put("-pool 0", Programs.start(root, "-pool", "0"));
            pairs.put("-pool 4", Programs.start(root, "-pool", "4"));
            for (int i = 2; i + 1 < args.length; i += 2) {
                String name = String.valueOf(Path.of(args[i]).getFileName());
                pairs.put(name, Programs.startOthers(root, args[i], args[i + 1]));
                bench.others.add(name);
            }
            bench.measure(pairs);
        } finally {
            for (Programs programs : pairs.values()) {
                programs.close();
            }
        }
        bench.report(root.resolve("bench/target/requests.json"));
    }

    /** So that the first pair isn't measured with a cold caller. */
    private void warmOneself() throws Exception {
        try (var service = LocalService.start()) {
            long end = System.nanoTime() + OWN_WARM_UP.toNanos();
            while (System.nanoTime() < end) {
                Concurrently.run(AT_ONCE, i -> {
                    for (int j = 0; j < 20; j++) {
                        new Caller(service.port()).echo(j, 100);
                        new Caller(service.port()).request();
                    }
                });
            }
        }
    }

    private void measure(Map<String, Programs> pairs) throws Exception {
        long end = System.nanoTime() + LONGEST_WARM_UP.toNanos();
        do {
            round(pairs);
        } while (!windows.values().stream().allMatch(RequestBench::isSteady) && System.nanoTime() < end);
        for (int i = 0; i < WARM_WINDOWS; i++) {
            round(pairs);
        }
    }

    private void round(Map<String, Programs> pairs) throws Exception {
        for (var pair : pairs.entrySet()) {
            Programs programs = pair.getValue();
            for (int atOnce : new int[] {1, AT_ONCE}) {
                String manner = atOnce == 1 ? "in sequence" : atOnce + " at once";
                note(new Kind(pair.getKey(), "dials, " + manner), programs, atOnce, calls -> {
                    for (int j = 0; j < calls; j++) {
                        programs.caller().echo(j, 100);
                    }
                });
                note(new Kind(pair.getKey(), "requests by the forward, " + manner), programs, atOnce, calls -> {
                    for (int j = 0; j < calls; j++) {
                        programs.caller().request();
                    }
                });
                if (!programs.speaksHttp()) {
                    continue;
                }
                note(new Kind(pair.getKey(), "requests, " + manner), programs, atOnce, calls -> {
                    try (RequestCaller caller = programs.requestCaller()) {
                        for (int j = 0; j < calls; j++) {
                            caller.request();
                        }
                    }
                });
            }
        }
    }

    /** Makes so many calls, one after the other. */
    @FunctionalInterface
    private interface Calls {
        void make(int calls) throws Exception;
    }

    private void note(Kind kind, Programs programs, int atOnce, Calls calls) throws Exception {
        double controlPlane = cpuMillis(programs.controlPlane());
        double agent = cpuMillis(programs.agent());
        long start = System.nanoTime();
        Concurrently.run(atOnce, i -> calls.make(count / atOnce));
        double seconds = (System.nanoTime() - start) / 1e9;
        int made = count / atOnce * atOnce;
        windows.computeIfAbsent(kind, first -> new ArrayList<>())
                .add(new Window(
                        made / seconds,
                        (cpuMillis(programs.controlPlane()) - controlPlane) / made,
                        (cpuMillis(programs.agent()) - agent) / made));
    }

    private static double cpuMillis(ProgramProcess process) {
        return ProcessHandle.of(process.pid())
                .flatMap(handle -> handle.info().totalCpuDuration())
                .map(Duration::toMillis)
                .orElse(0L);
    }

    private static boolean isSteady(List<Window> all) {
        return isSteady(all, all.size());
    }

    private static boolean isSteady(List<Window> all, int end) {
        if (end < STEADY_WINDOWS) {
            return false;
        }
        List<Double> last = all.subList(end - STEADY_WINDOWS, end).stream()
                .map(Window::perSecond)
                .sorted()
                .toList();
        return last.getLast() - last.getFirst() <= STEADY * last.getLast();
    }

    private void report(Path json) throws IOException {
        List<Result> results = new ArrayList<>();
        windows.forEach((kind, all) -> {
            boolean steady = isSteady(all, all.size() - WARM_WINDOWS);
            results.add(result(kind, "cold", RequestBench::cold));
            results.add(result(kind, steady ? "warm" : "not steady", RequestBench::warm));
        });
        System.out.println("| programs | calls | state | a second | control plane, ms | agent, ms | of the others |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Result line : results) {
            System.out.printf(
                    "| %s | %s | %s | %.0f | %.2f | %.2f | %s |%n",
                    line.pair(),
                    line.calls(),
                    line.state(),
                    line.perSecond(),
                    line.controlPlaneMillis(),
                    line.agentMillis(),
                    line.ofOthers().entrySet().stream()
                            .map(other -> "%.2f of %s".formatted(other.getValue(), other.getKey()))
                            .collect(Collectors.joining(", ")));
        }
        Files.writeString(
                json, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(results));
        System.out.println("The same as JSON: " + json);
    }

    private static List<Window> cold(List<Window> all) {
        return all.subList(0, 1);
    }

    private static List<Window> warm(List<Window> all) {
        return all.subList(all.size() - WARM_WINDOWS, all.size());
    }

    private Result result(Kind kind, String state, UnaryOperator<List<Window>> part) {
        List<Window> of = part.apply(windows.getOrDefault(kind, List.of()));
        double perSecond = median(of, Window::perSecond);
        Map<String, Double> ofOthers = new LinkedHashMap<>();
        for (String other : others) {
            List<Window> theirs = windows.get(new Kind(other, kind.calls()));
            if (theirs != null && !other.equals(kind.pair())) {
                ofOthers.put(other, perSecond / median(part.apply(theirs), Window::perSecond));
            }
        }
        return new Result(
                kind.pair(),
                kind.calls(),
                state,
                perSecond,
                median(of, Window::controlPlaneMillis),
                median(of, Window::agentMillis),
                ofOthers);
    }

    private static double median(List<Window> of, ToDoubleFunction<Window> value) {
        return of.stream().mapToDouble(value).sorted().toArray()[of.size() / 2];
    }
}

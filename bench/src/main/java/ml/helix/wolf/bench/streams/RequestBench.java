package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code bench/requests}: how many dials and requests a second one busy id takes, with and without a pool. */
public final class RequestBench {
    private static final int ROUNDS = 5;
    private static final int AT_ONCE = 32;

    private final int count;
    /** By pair of programs and kind of call, in the order of the rounds. */
    private final Map<String, Map<String, List<Double>>> perSecond = new LinkedHashMap<>();

    private RequestBench(int count) {
        this.count = count;
    }

    /** Usage: {@code RequestBench ROOT [CALLS [SERVER AGENT]]}: two other programs to compare with. */
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        var bench = new RequestBench(args.length > 1 ? Integer.parseInt(args[1]) : 2000);
        try (var without = Programs.start(root, "-pool", "0");
                var with = Programs.start(root, "-pool", "4");
                var others = args.length > 3 ? Programs.startOthers(root, args[2], args[3]) : null) {
            for (int round = 0; round <= ROUNDS; round++) {
                boolean warm = round > 0;
                bench.measure("-pool 0", without, warm);
                bench.measure("-pool 4", with, warm);
                if (others != null) {
                    bench.measure("others", others, warm);
                }
            }
        }
        bench.report();
    }

    private void measure(String pair, Programs programs, boolean warm) throws Exception {
        Caller forward = programs.caller();
        note(warm, pair, "dials in sequence", dials(forward, 1));
        note(warm, pair, "dials, 32 at once", dials(forward, AT_ONCE));
        note(warm, pair, "requests in sequence", requests(programs, 1));
        note(warm, pair, "requests, 32 at once", requests(programs, AT_ONCE));
    }

    private double dials(Caller forward, int atOnce) throws Exception {
        return perSecond(atOnce, i -> {
            for (int j = 0; j < count / atOnce; j++) {
                forward.echo(j, 100);
            }
        });
    }

    private double requests(Programs programs, int atOnce) throws Exception {
        return perSecond(atOnce, i -> {
            try (RequestCaller caller = programs.requestCaller()) {
                for (int j = 0; j < count / atOnce; j++) {
                    caller.request();
                }
            }
        });
    }

    private double perSecond(int atOnce, Concurrently.Task task) throws Exception {
        long start = System.nanoTime();
        Concurrently.run(atOnce, task);
        return count / atOnce * atOnce / ((System.nanoTime() - start) / 1e9);
    }

    private void note(boolean warm, String pair, String kind, double result) {
        if (warm) {
            perSecond
                    .computeIfAbsent(pair, name -> new LinkedHashMap<>())
                    .computeIfAbsent(kind, name -> new ArrayList<>())
                    .add(result);
        }
    }

    private void report() throws IOException {
        Map<String, List<Double>> others = perSecond.get("others");
        perSecond.forEach((pair, kinds) -> kinds.forEach((kind, results) -> {
            String ratio = others == null
                    ? ""
                    : ", %.2f of the others".formatted(median(results) / median(others.getOrDefault(kind, results)));
            System.out.printf("%-8s %-22s %6.0f per second%s%n", pair, kind, median(results), ratio);
        }));
    }

    private static double median(List<Double> results) {
        return results.stream().sorted().toList().get(results.size() / 2);
    }
}

package ml.helix.wolf.bench.soak;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.bench.figures.Trend;
import ml.helix.wolf.bench.process.JavaProcess;

/** How memory and descriptors of the programs change while streams come and go. One thread at a time. */
final class Trends {
    private static final Duration EACH = Duration.ofSeconds(1);
    /** What counts as flat: the load is random, and a JVM's memory is never quite still. */
    private static final double SHARE_THAT_MAY_RISE = 0.10;

    private static final double THAT_MAY_RISE = 10;

    private final Map<String, JavaProcess> programs;
    private final Map<String, Trend> resident = new LinkedHashMap<>();
    private final Map<String, Trend> descriptors = new LinkedHashMap<>();

    Trends(Map<String, JavaProcess> programs) {
        this.programs = programs;
        programs.keySet().forEach(name -> {
            resident.put(name, new Trend());
            descriptors.put(name, new Trend());
        });
    }

    /** @param from what comes before is warm-up */
    void sample(Duration from, Duration to) {
        long start = System.nanoTime();
        try {
            TimeUnit.MILLISECONDS.sleep(from.toMillis());
            while (System.nanoTime() - start < to.toNanos()) {
                double minutes = (System.nanoTime() - start) / 60e9;
                for (var program : programs.entrySet()) {
                    resident.getOrDefault(program.getKey(), new Trend())
                            .add(minutes, program.getValue().status("VmRSS") / 1024.0);
                    descriptors
                            .getOrDefault(program.getKey(), new Trend())
                            .add(minutes, program.getValue().descriptors().size());
                }
                TimeUnit.MILLISECONDS.sleep(EACH.toMillis());
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("bench/soak: no more samples: " + e);
        }
    }

    /** Prints all, and adds what isn't flat. */
    void judge(List<String> faults) {
        judge("RSS (MiB)", resident, faults);
        judge("descriptors", descriptors, faults);
    }

    private static void judge(String what, Map<String, Trend> trends, List<String> faults) {
        trends.forEach((program, trend) -> {
            String line = "%s of the %s: %.1f in the mean, %+.2f a minute"
                    .formatted(what, program, trend.mean(), trend.slope());
            System.out.println("- " + line);
            if (trend.rise() > Math.max(THAT_MAY_RISE, SHARE_THAT_MAY_RISE * trend.mean())) {
                faults.add(line + ": not flat");
            }
        });
    }
}

package ml.helix.wolf.bench.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.process.JavaProcess;

/**
 * What both programs of a tunnel took while something ran.
 *
 * @param agent and {@code server}: empty for raw TCP
 */
record Usage(List<OfProgram> programs) {

    /**
     * @param who agent or server
     * @param cpuSeconds of all its threads
     * @param residentMiB the most that was seen
     */
    record OfProgram(String who, double cpuSeconds, double residentMiB) {}

    /** Something that is measured. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    static Usage during(Target target, Work work) throws Exception {
        List<Watched> watched = new ArrayList<>();
        if (target.tunnel().isPresent()) {
            watched.add(new Watched("agent", target.tunnel().get().agent()));
            watched.add(new Watched("server", target.tunnel().get().server()));
        }
        Thread watcher = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    watched.forEach(Watched::look);
                    TimeUnit.MILLISECONDS.sleep(100);
                }
            } catch (InterruptedException e) {
                // The work is done.
            }
        });
        try {
            work.run();
        } finally {
            watcher.interrupt();
            watcher.join();
        }
        List<OfProgram> programs = new ArrayList<>();
        for (Watched one : watched) {
            programs.add(one.end());
        }
        return new Usage(programs);
    }

    /** The processor time of each program, as {@code unit} in relation to what was done. */
    List<Figure> processor(String what, String unit, DoubleUnaryOperator perUnit) {
        return programs.stream()
                .map(one -> new Figure(
                        Metric.less("processor for " + what + ", " + one.who(), unit),
                        perUnit.applyAsDouble(one.cpuSeconds())))
                .toList();
    }

    /** Of each program, and what a core that both share would carry. */
    List<Figure> processorForBytes(String direction, double gibibytes) {
        List<Figure> figures =
                new ArrayList<>(processor("a GiB " + direction, "s", cpuSeconds -> cpuSeconds / gibibytes));
        double all = programs.stream().mapToDouble(OfProgram::cpuSeconds).sum();
        if (all > 0) {
            figures.add(new Figure(
                    Metric.more("one core for both programs carries " + direction, "GiB/s"), gibibytes / all));
        }
        return figures;
    }

    List<Figure> resident(String when) {
        return programs.stream()
                .map(one -> new Figure(Metric.less("RSS " + when + ", " + one.who(), "MiB"), one.residentMiB()))
                .toList();
    }

    /** Used by the watching thread, and after its end by the caller. */
    private static final class Watched {
        private final String who;
        private final JavaProcess process;
        private final double cpuBefore;
        private double residentMiB;

        Watched(String who, JavaProcess process) throws IOException {
            this.who = who;
            this.process = process;
            cpuBefore = process.cpuSeconds();
        }

        void look() {
            try {
                residentMiB = Math.max(residentMiB, process.status("VmRSS") / 1024.0);
            } catch (IOException e) {
                // It has ended, and the work will say so.
            }
        }

        OfProgram end() throws IOException {
            look();
            return new OfProgram(who, process.cpuSeconds() - cpuBefore, residentMiB);
        }
    }
}

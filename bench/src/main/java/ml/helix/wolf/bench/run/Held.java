package ml.helix.wolf.bench.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;

/** Streams that are open all at once and do nothing: what each costs. */
final class Held {
    private static final int OPENING_AT_ONCE = 32;

    private Held() {}

    /** Each stream passes 64 bytes when it opens, and once more when all are open. */
    static List<Figure> measure(Target target, int streams) throws Exception {
        List<JavaProcess> processes = target.tunnel()
                .map(tunnel -> List.of(tunnel.agent(), tunnel.server()))
                .orElse(List.of());
        Queue<Caller.Held> open = new ConcurrentLinkedQueue<>();
        List<Figure> figures = new ArrayList<>();
        try {
            List<Long> before = new ArrayList<>();
            for (JavaProcess process : processes) {
                before.add((long) process.status("VmRSS"));
            }
            long start = System.nanoTime();
            Concurrently.run(OPENING_AT_ONCE, i -> {
                for (int j = i; j < streams; j += OPENING_AT_ONCE) {
                    open.add(target.caller().hold(j));
                }
            });
            double seconds = (System.nanoTime() - start) / 1e9;
            String name = "%,d streams held".formatted(streams);
            figures.add(new Figure(Metric.more(name + ", opened", "a second"), streams / seconds));
            for (Caller.Held stream : open) {
                stream.echo();
            }
            for (int i = 0; i < processes.size(); i++) {
                JavaProcess process = processes.get(i);
                String who = i == 0 ? "agent" : "server";
                figures.add(new Figure(
                        Metric.less(name + ", memory of each, " + who, "KiB"),
                        (process.status("VmRSS") - before.get(i)) / (double) streams));
                figures.add(new Figure(Metric.less(name + ", threads, " + who, ""), process.status("Threads")));
            }
        } finally {
            for (Caller.Held stream : open) {
                stream.close();
            }
        }
        return figures;
    }
}

package ml.helix.wolf.bench.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;

/** Streams that are open all at once and do nothing: what each costs. */
final class Held {
    private static final int OPENING_AT_ONCE = 32;

    private Held() {}

    /** Each stream passes 64 bytes when it opens, and once more when all are open. A program that refuses one is full. */
    static List<Figure> measure(Target target, int streams) throws Exception {
        List<JavaProcess> processes = target.tunnel()
                .map(tunnel -> List.of(tunnel.agent(), tunnel.server()))
                .orElse(List.of());
        Queue<Caller.Held> open = new ConcurrentLinkedQueue<>();
        var full = new AtomicBoolean();
        List<Figure> figures = new ArrayList<>();
        try {
            List<Long> before = new ArrayList<>();
            for (JavaProcess process : processes) {
                before.add((long) process.status("VmRSS"));
            }
            long start = System.nanoTime();
            Concurrently.run(OPENING_AT_ONCE, i -> {
                for (int j = i; j < streams && !full.get(); j += OPENING_AT_ONCE) {
                    try {
                        open.add(target.caller().hold(j));
                    } catch (IOException e) {
                        full.set(true);
                    }
                }
            });
            double seconds = (System.nanoTime() - start) / 1e9;
            String name = "%,d streams held".formatted(streams);
            int held = open.size();
            figures.add(new Figure(Metric.more(name + ", that there was room for", ""), held));
            figures.add(new Figure(Metric.more(name + ", opened", "a second"), held / seconds));
            for (Caller.Held stream : open) {
                stream.echo();
            }
            for (int i = 0; i < processes.size(); i++) {
                JavaProcess process = processes.get(i);
                String who = i == 0 ? "agent" : "server";
                figures.add(new Figure(
                        Metric.less(name + ", memory of each, " + who, "KiB"),
                        (process.status("VmRSS") - before.get(i)) / (double) Math.max(held, 1)));
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

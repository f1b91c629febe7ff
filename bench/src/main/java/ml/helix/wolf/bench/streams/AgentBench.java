package ml.helix.wolf.bench.streams;

import java.nio.file.Path;
import java.time.Duration;

/** {@code bench/agent}: throughput each way and streams per second, and what the agent needed for it. */
public final class AgentBench {
    private static final int MIB = 1 << 20;

    private AgentBench() {}

    /** Usage: {@code AgentBench ROOT [MIB per run]}. */
    public static void main(String[] args) throws Exception {
        long bytes = (args.length > 1 ? Long.parseLong(args[1]) : 1024) * MIB;
        try (var programs = Programs.start(Path.of(args[0]))) {
            Caller caller = programs.caller();
            for (int round = 0; round < 2; round++) {
                measure("from Wolf, 1 stream", bytes, 1, i -> caller.download(bytes));
                measure("to Wolf, 1 stream", bytes, 1, i -> caller.upload(bytes));
                measure("from Wolf, 16 streams", bytes / 16, 16, i -> caller.download(bytes / 16));
                measure("to Wolf, 16 streams", bytes / 16, 16, i -> caller.upload(bytes / 16));
                measure("200 streams at once", 1000, 200, i -> caller.echo(i, 1000));
                measure("streams in a row, 8 callers", 1000 * 500, 8, i -> {
                    for (int j = 0; j < 500; j++) {
                        caller.echo(j, 1000);
                    }
                });
            }
            Duration cpu = ProcessHandle.of(programs.agent().pid())
                    .orElseThrow()
                    .info()
                    .totalCpuDuration()
                    .orElse(Duration.ZERO);
            System.out.printf(
                    "agent: %.1f s of CPU, at most %d MiB resident; now %s%n",
                    cpu.toMillis() / 1000.0,
                    ProcessUsage.mostResidentMiB(programs.agent()),
                    ProcessUsage.of(programs.agent()));
        }
    }

    private static void measure(String what, long bytes, int callers, Concurrently.Task task) throws Exception {
        long start = System.nanoTime();
        Concurrently.run(callers, task);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%-28s %7.0f MiB/s %7.1f s%n", what, (double) bytes * callers / MIB / seconds, seconds);
    }
}

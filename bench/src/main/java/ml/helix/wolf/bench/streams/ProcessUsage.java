package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import ml.helix.wolf.bench.process.JavaProcess;

/** What a Java process holds, from {@code /proc} (Linux) and {@code jcmd}. */
public record ProcessUsage(long descriptors, long sockets, long threads, long virtualThreads, long residentMiB) {
    /** The JVM starts and ends a few threads of its own; streams run on virtual threads. */
    private static final int THREADS_OF_THE_JVM = 4;

    public boolean exceeds(ProcessUsage before) {
        return descriptors > before.descriptors
                || sockets > before.sockets
                || threads > before.threads + THREADS_OF_THE_JVM
                || virtualThreads > before.virtualThreads;
    }

    /** Waits until two readings in a row are the same. */
    public static ProcessUsage settled(JavaProcess java) throws IOException, InterruptedException {
        var previous = new ProcessUsage[] {of(java)};
        return await(java, usage -> {
            boolean same =
                    usage.descriptors == previous[0].descriptors && usage.virtualThreads == previous[0].virtualThreads;
            previous[0] = usage;
            return same;
        });
    }

    /** Waits until no more is held than before. */
    public static ProcessUsage settled(JavaProcess java, ProcessUsage before) throws IOException, InterruptedException {
        return await(java, usage -> !usage.exceeds(before));
    }

    /** For at most 90 s: a closed data connection may linger for 50 s. */
    private static ProcessUsage await(JavaProcess java, Predicate<ProcessUsage> wanted)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            TimeUnit.MILLISECONDS.sleep(500);
            ProcessUsage usage = of(java);
            if (wanted.test(usage) || System.nanoTime() > deadline) {
                return usage;
            }
        }
    }

    static ProcessUsage of(JavaProcess java) throws IOException, InterruptedException {
        List<String> descriptors = java.descriptors();
        return new ProcessUsage(
                descriptors.size(),
                descriptors.stream()
                        .filter(target -> target.startsWith("socket:"))
                        .count(),
                java.status("Threads"),
                virtualThreads(java),
                java.status("VmRSS") / 1024);
    }

    private static long virtualThreads(JavaProcess java) throws IOException, InterruptedException {
        Path dump = Files.createTempFile("threads", ".txt");
        try {
            java.jcmd("Thread.dump_to_file", "-overwrite", dump.toString());
            try (Stream<String> lines = Files.lines(dump)) {
                return lines.filter(line -> line.startsWith("#") && line.contains(" virtual"))
                        .count();
            }
        } finally {
            Files.delete(dump);
        }
    }

    @Override
    public String toString() {
        return "%d descriptors (%d sockets), %d threads, %d virtual threads, RSS %d MiB"
                .formatted(descriptors, sockets, threads, virtualThreads, residentMiB);
    }
}

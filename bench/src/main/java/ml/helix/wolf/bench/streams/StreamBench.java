package ml.helix.wolf.bench.streams;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;

/** {@code bench/tunnel}: bulk transfers, streams at once and in a row, and requests; then looks for leaks. */
public final class StreamBench {
    private static final int MIB = 1 << 20;

    private final Programs programs;
    private final Caller caller;

    StreamBench(Programs programs) {
        this.programs = programs;
        this.caller = programs.caller();
    }

    /** Usage: {@code StreamBench ROOT [MIB]}. */
    public static void main(String[] args) throws Exception {
        long mebibytes = args.length > 1 ? Long.parseLong(args[1]) : 1024;
        try (var programs = Programs.start(Path.of(args[0]))) {
            var bench = new StreamBench(programs);
            bench.warmUp();
            bench.bulk(mebibytes);
            bench.streamsAtOnce(200, MIB);
            bench.streamsInARow(1000);
            bench.requests(1000);
        }
    }

    private void warmUp() throws Exception {
        caller.download(64 * MIB);
        caller.upload(64 * MIB);
        for (int i = 0; i < 300; i++) {
            caller.echo(i, 100);
            programs.request();
        }
        Concurrently.run(200, i -> caller.echo(i, 1 << 16));
    }

    void bulk(long mebibytes) throws IOException, InterruptedException {
        long bytes = mebibytes * MIB;
        long start = System.nanoTime();
        report("from Wolf", mebibytes, start, caller.download(bytes));
        start = System.nanoTime();
        report("to Wolf", mebibytes, start, caller.upload(bytes));
        start = System.nanoTime();
        caller.downloadWhileUploading(bytes);
        report("both at once, each way", mebibytes, start, "equal");
    }

    private static void report(String what, long mebibytes, long start, String sha256) {
        double seconds = secondsSince(start);
        System.out.printf(
                "%-24s %5d MiB in %6.2f s = %5.0f MiB/s, SHA-256 %s%n",
                what, mebibytes, seconds, mebibytes / seconds, sha256.substring(0, Math.min(16, sha256.length())));
    }

    void streamsAtOnce(int streams, int bytes) throws Exception {
        var allOpen = new CyclicBarrier(streams);
        long start = System.nanoTime();
        Concurrently.run(streams, i -> caller.echoWhenAllAreOpen(allOpen, i, bytes));
        double seconds = secondsSince(start);
        System.out.printf(
                "%d streams at once, %d KiB each way on each: all bytes equal, %.2f s, %.0f MiB/s each way%n",
                streams, bytes / 1024, seconds, streams * (bytes / (double) MIB) / seconds);
    }

    private void streamsInARow(int streams) throws Exception {
        ProcessUsage controlPlane = ProcessUsage.settled(programs.controlPlane());
        ProcessUsage agent = ProcessUsage.settled(programs.agent());
        long start = System.nanoTime();
        for (int i = 0; i < streams; i++) {
            caller.echo(i, 100);
        }
        System.out.printf("%d streams in a row: %.0f per second%n", streams, streams / secondsSince(start));
        start = System.nanoTime();
        Concurrently.run(50, i -> {
            for (int j = 0; j < streams / 50; j++) {
                caller.echo(i * j, 100);
            }
        });
        System.out.printf("%d streams, 50 at a time: %.0f per second%n", streams, streams / secondsSince(start));
        requireNoLeak("control plane", controlPlane, ProcessUsage.settled(programs.controlPlane(), controlPlane));
        requireNoLeak("agent", agent, ProcessUsage.settled(programs.agent(), agent));
    }

    private static void requireNoLeak(String who, ProcessUsage before, ProcessUsage after) {
        System.out.printf("%-14s before: %s%n%-14s after:  %s%n", who, before, "", after);
        if (after.exceeds(before)) {
            throw new IllegalStateException(who + " holds more than before its streams");
        }
    }

    void requests(int count) throws IOException, InterruptedException {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            programs.request();
        }
        System.out.printf(
                "%d requests through .../proxy/ in a row: %.0f per second%n", count, count / secondsSince(start));
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}

package ml.helix.wolf.bench.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ml.helix.wolf.testkit.ProgramProcess;

/** Memory and CPU time of a Java process, from {@code /proc} (Linux) and {@code jcmd}. Thread-safe. */
public record JavaProcess(ProgramProcess process) {
    private static final long TICKS_A_SECOND = 100;

    /** A number of {@code /proc/{pid}/status}: {@code VmRSS} and {@code VmHWM} in KiB, {@code Threads}. */
    public int status(String field) throws IOException {
        for (var line : process.proc("status").lines().toList()) {
            if (line.startsWith(field + ":")) {
                return Integer.parseInt(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException(process + " has no " + field);
    }

    /** In user and kernel mode, since its start. */
    public double cpuSeconds() throws IOException {
        var stat = process.proc("stat");
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / (double) TICKS_A_SECOND;
    }

    /** Where its open file descriptors lead: a path, or for example {@code socket:[4711]}. */
    public List<String> descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc", String.valueOf(process.pid()), "fd"))) {
            return links.map(JavaProcess::target).toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    /** The live heap in KiB, after a full collection by the serial collector. */
    public long heapInUse() throws IOException, InterruptedException {
        jcmd("GC.run");
        var info = jcmd("GC.heap_info");
        long used = 0;
        for (var generation = Pattern.compile("(?:DefNew|Tenured)\\s+total \\d+K, used (\\d+)K")
                        .matcher(info);
                generation.find(); ) {
            used += Long.parseLong(generation.group(1));
        }
        return used;
    }

    /** What {@code jcmd} prints for a command of the JVM. */
    public String jcmd(String... command) throws IOException, InterruptedException {
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), String.valueOf(process.pid())));
        line.addAll(List.of(command));
        var jcmd = new ProcessBuilder(line).redirectErrorStream(true).start();
        var output = new String(jcmd.getInputStream().readAllBytes(), UTF_8);
        jcmd.waitFor();
        return output;
    }
}

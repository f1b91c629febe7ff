package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A run of a program in which the JVM records which classes it loads. {@link #finish} stops the program as a
 * cluster does, and the JVM writes the AOT cache from its record. {@link #close} kills the program if it still runs.
 *
 * <p>Not thread-safe.
 */
final class TrainingRun implements AutoCloseable {
    private static final long STOP_SECONDS = 120;
    private static final String ONLY_C1 = "-XX:TieredStopAtLevel=1";

    /** Profiles are for the optimising compiler; without them the cache is smaller and the program starts sooner. */
    private static final List<String> NO_PROFILES = List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTRecordTraining");

    private final TrainedProgram program;
    private final Process process;
    private final Path log;

    private TrainingRun(TrainedProgram program, Process process, Path log) {
        this.program = program;
        this.process = process;
        this.log = log;
    }

    /** Starts the program; its output goes to {@code log}. */
    static TrainingRun start(TrainedProgram program, Map<String, String> environment, Path log) throws IOException {
        return start(program, List.of(), environment, log);
    }

    /** Starts the program with arguments. */
    static TrainingRun start(TrainedProgram program, List<String> arguments, Map<String, String> environment, Path log)
            throws IOException {
        List<String> options = new ArrayList<>(List.of("-XX:AOTCacheOutput=" + program.trained()));
        if (program.jvmOptions().contains(ONLY_C1)) {
            options.addAll(NO_PROFILES);
        }
        List<String> line = new ArrayList<>(program.command(options));
        line.addAll(arguments);
        var command = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
        command.environment().put("LC_ALL", "C.UTF-8");
        command.environment().putAll(environment);
        return new TrainingRun(program, command.start(), log);
    }

    Process process() {
        return process;
    }

    /** Stops the program by SIGTERM, waits for the AOT cache, and puts it to use. */
    void finish() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw failure("didn't stop within " + STOP_SECONDS + " s");
        }
        if (!TrainedProgram.exists(program.trained())) {
            throw failure("wrote no AOT cache");
        }
        program.useCache();
    }

    /** The exception for a failed run, with the end of the program's output. */
    IOException failure(String failure) throws IOException {
        List<String> lines = Files.readAllLines(log).stream()
                .takeWhile(line -> !line.startsWith("Temporary AOTConfiguration"))
                .toList();
        return new IOException("the training run of " + program.name() + " " + failure + ":\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size())));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

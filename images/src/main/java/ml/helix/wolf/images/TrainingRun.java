package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A staged program at work while its JVM notes what it loads. {@link #finish} stops it as a cluster would and leaves the
 * AOT cache made from those notes beside its jars; {@link #close} only makes sure that nothing runs on.
 *
 * <p>Not thread-safe.
 */
final class TrainingRun implements AutoCloseable {
    private static final long STOP_SECONDS = 120;

    private final StagedProgram program;
    private final Process process;
    private final Path log;

    private TrainingRun(StagedProgram program, Process process, Path log) {
        this.program = program;
        this.process = process;
        this.log = log;
    }

    /** Starts the program; {@code log} takes what it prints. */
    static TrainingRun start(StagedProgram program, Map<String, String> environment, Path log) throws IOException {
        program.configure(
                List.of("-XX:AOTCacheOutput=$APPDIR/" + program.aotCache().getFileName()));
        program.touch();
        var command = new ProcessBuilder(program.launcher().toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        command.environment().put("LC_ALL", "C.UTF-8");
        command.environment().putAll(environment);
        return new TrainingRun(program, command.start(), log);
    }

    Process process() {
        return process;
    }

    /** Stops the program by SIGTERM, waits for the cache and makes the launcher use it. */
    void finish() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw failure("didn't stop within " + STOP_SECONDS + " s");
        }
        if (!program.hasAotCache()) {
            throw failure("left no AOT cache");
        }
        program.configure(List.of("-XX:AOTCache=$APPDIR/" + program.aotCache().getFileName()));
        program.touch();
    }

    /** What to throw where this run didn't do as it should: with the last lines that the program printed. */
    IOException failure(String what) throws IOException {
        List<String> lines = Files.readAllLines(log).stream()
                .takeWhile(line -> !line.startsWith("Temporary AOTConfiguration"))
                .toList();
        return new IOException("the training run of " + program.recipe().program() + " " + what + ":\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size())));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

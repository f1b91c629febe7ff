package ml.helix.wolf.playground.node;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A program as a process of its own, whose output goes to a file. Thread-safe. */
public final class ProgramProcess implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Process process;

    private ProgramProcess(Process process) {
        this.process = process;
    }

    /** Starts the process with an empty input; its output is appended to {@code log}. */
    public static ProgramProcess start(ProcessBuilder builder, Path log) throws IOException {
        Files.createDirectories(log.getParent());
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        return new ProgramProcess(process);
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for the end of the process, for {@code limit} at most; whether it has ended. */
    public boolean endsWithin(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The exit status of an ended process. */
    public int exitStatus() {
        return process.exitValue();
    }

    public long pid() {
        return process.pid();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Sends SIGKILL. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Terminates the process, and kills it if it still runs after five seconds. Idempotent. */
    @Override
    public void close() {
        terminate();
        try {
            if (!endsWithin(GRACE)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
        }
    }
}

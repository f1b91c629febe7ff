package ml.helix.wolf.testkit;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program as a process of its own, whose output goes to a file. Killed at {@link #close} if it still runs. Thread-safe. */
public final class ProgramProcess implements AutoCloseable {
    /**
     * JVM flags for a program that runs for seconds: the optimising compiler and the parallel garbage collector cost more
     * processor time than they save.
     */
    public static final List<String> SHORT_RUN = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final Path log;

    private ProgramProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts it with an empty input; what it prints, errors too, is appended to {@code log}. */
    public static ProgramProcess start(ProcessBuilder builder, Path log) throws IOException {
        Files.createDirectories(log.toAbsolutePath().getParent());
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        return new ProgramProcess(process, log);
    }

    /**
     * Starts a program of this build in a JVM of its own, with flags for a short run.
     *
     * @param folder gets a file with the output
     * @param environment the whole environment
     */
    public static ProgramProcess start(Class<?> main, Path folder, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(List.of(), List.of(), main, folder, environment, List.of(arguments));
    }

    /**
     * The same with what a test wants to be different.
     *
     * @param prefix the words before {@code java}, for example {@code setpriv}
     * @param jvm flags of the JVM; empty for those of a short run
     */
    public static ProgramProcess start(
            List<String> prefix,
            List<String> jvm,
            Class<?> main,
            Path folder,
            Map<String, String> environment,
            List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm.isEmpty() ? SHORT_RUN : jvm);
        command.addAll(List.of("-cp", classPath(main), main.getName()));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return start(builder, Files.createTempFile(folder, main.getPackageName(), ".log"));
    }

    /**
     * The jar and the libraries that {@code mvnw package} made, as {@code bin/} starts the program. For a class of the tests, or
     * without a jar, the class path of this process.
     */
    private static String classPath(Class<?> main) {
        Path code = Path.of(URI.create(
                main.getProtectionDomain().getCodeSource().getLocation().toString()));
        String module = String.valueOf(code.resolve("../..").normalize().getFileName());
        Path jar = code.resolveSibling(module + ".jar");
        Path libraries = code.resolveSibling("lib");
        boolean ofProgram = code.equals(jar) || code.endsWith("classes");
        return ofProgram && Files.exists(jar) && Files.exists(libraries)
                ? jar + File.pathSeparator + libraries.resolve("*")
                : System.getProperty("java.class.path");
    }

    /** What it has printed so far. */
    public String output() throws IOException {
        return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** A file of {@code /proc} about it. Linux only. */
    public String proc(String file) throws IOException {
        return Files.readString(Path.of("/proc", String.valueOf(pid()), file), StandardCharsets.ISO_8859_1);
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end, for {@code limit} at most; whether it has ended. */
    public boolean endsWithin(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The exit status of an ended program. */
    public int exitStatus() {
        return process.exitValue();
    }

    /** The exit status; an AssertionError if it still runs after 60 s. */
    public int awaitExit() throws IOException, InterruptedException {
        if (!endsWithin(PATIENCE)) {
            throw new AssertionError("still running after " + PATIENCE.toSeconds() + " s: " + output());
        }
        return exitStatus();
    }

    /** Sends a signal: {@code STOP} freezes it as a hanging machine does, {@code CONT} lets it go on. */
    public void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(pid())).start().waitFor();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Sends SIGTERM, and SIGKILL if it still runs after {@code grace}; returns when it has ended. Idempotent. */
    public void stop(Duration grace) {
        terminate();
        try {
            endsWithin(grace);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
    }

    /** Sends SIGKILL; returns when it has ended. Idempotent. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }

    @Override
    public String toString() {
        return "process " + pid() + ", which prints to " + log;
    }
}

package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program as a process of its own, from the classes under test. Killed at {@link #close} if it still runs. */
final class ProgramProcess implements AutoCloseable {
    private final Process process;
    private final Path output;

    private ProgramProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** @param environment the whole environment, beside what the JVM needs */
    static ProgramProcess start(Class<?> main, Path folder, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(List.of(), main, folder, environment, arguments);
    }

    /** The same with a limit of open file descriptors ({@code ulimit -n}). */
    static ProgramProcess startWithDescriptors(
            int descriptors, Class<?> main, Path folder, Map<String, String> environment, String... arguments)
            throws IOException {
        var shell = List.of("sh", "-c", "ulimit -n " + descriptors + "; exec \"$@\"", "sh");
        return start(shell, main, folder, environment, arguments);
    }

    private static ProgramProcess start(
            List<String> before, Class<?> main, Path folder, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(Arrays.asList(arguments));
        Path output = Files.createTempFile(folder, main.getPackage().getName(), ".log");
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new ProgramProcess(builder.start(), output);
    }

    String output() throws IOException {
        return Files.readString(output);
    }

    int awaitExit() throws Exception {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after 60 s: " + output());
        }
        return process.exitValue();
    }

    void terminate() {
        process.destroy();
    }

    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Sends a signal: {@code STOP} freezes it as a hanging machine does, {@code CONT} lets it go on. */
    void signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        kill();
    }
}

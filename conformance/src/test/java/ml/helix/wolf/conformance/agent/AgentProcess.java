package ml.helix.wolf.conformance.agent;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.testkit.FreePort;

/** A real agent process, of this build's classes, with everything that it prints. */
final class AgentProcess extends MonitoredAgent implements AutoCloseable {
    private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");

    private final Process process;
    private final Path printed;

    private AgentProcess(InetSocketAddress address, Process process, Path printed) {
        super(address);
        this.process = process;
        this.printed = printed;
    }

    /**
     * Starts it; it listens on a free port of 127.0.0.1.
     *
     * @param prefix what stands before {@code java}, for example a change of user
     * @param jvm flags of the JVM; none for a quick start
     * @param environment the whole of it
     */
    static AgentProcess start(
            Path folder, List<String> prefix, List<String> jvm, Map<String, String> environment, List<String> arguments)
            throws IOException {
        int port = FreePort.choose();
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm.isEmpty() ? QUICK : jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "ml.helix.wolf.agent.Main"));
        command.addAll(List.of("-listen", "127.0.0.1:" + port));
        command.addAll(arguments);
        Path printed = Files.createTempFile(folder, "printed", ".log");
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(printed.toFile());
        builder.environment().clear();
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().putAll(environment);
        return new AgentProcess(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), builder.start(), printed);
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** The exit status; fails where the process doesn't end. */
    int awaitExit(long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new AssertionError("the agent did not end within " + seconds + " s");
        }
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** All of standard output and error. */
    String printed() throws IOException {
        return Files.readString(printed, StandardCharsets.UTF_8);
    }

    /** A file of {@code /proc} about it, as Linux has it. */
    String proc(String file) throws IOException {
        return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file), StandardCharsets.ISO_8859_1);
    }

    /** What of its memory is in RAM now, in bytes. */
    long residentBytes() throws IOException {
        return proc("status")
                        .lines()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                * 1024;
    }

    long pid() {
        return process.pid();
    }

    /** Kills it where it still runs; fails where it has printed a secret. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        if (Secrets.in(printed())) {
            throw new AssertionError("the agent has printed a secret");
        }
    }
}

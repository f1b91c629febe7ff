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

/** An agent as a process of its own, from the classes of this build, with everything that it prints. */
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
     * Starts an agent whose monitoring port is a free port of 127.0.0.1, without heartbeats.
     *
     * @param prefix the words before {@code java}, for example {@code setpriv}
     * @param jvm flags of the JVM; empty for those of a quick start
     * @param environment the whole environment, but for LC_ALL
     */
    static AgentProcess start(
            Path folder, List<String> prefix, List<String> jvm, Map<String, String> environment, List<String> arguments)
            throws IOException {
        int port = FreePort.choose();
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm.isEmpty() ? QUICK : jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "ml.helix.wolf.agent.Main"));
        command.addAll(List.of("-listen", "127.0.0.1:" + port, "-register=false"));
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

    /** The exit status; fails if the process doesn't end in time. */
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

    /** A file of {@code /proc} about the process. Linux only. */
    String proc(String file) throws IOException {
        return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file), StandardCharsets.ISO_8859_1);
    }

    /** The resident memory now, in bytes. */
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

    /** Kills the process if it still runs; fails if it has printed a secret. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        if (Secrets.in(printed())) {
            throw new AssertionError("the agent has printed a secret");
        }
    }
}

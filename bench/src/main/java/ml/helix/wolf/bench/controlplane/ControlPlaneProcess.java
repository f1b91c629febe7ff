package ml.helix.wolf.bench.controlplane;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.bench.process.JavaProcess;
import ml.helix.wolf.testkit.ProgramProcess;

/** One {@code bin/control-plane} as a process; what it logs is in {@code bench/target/control-plane.log}. */
final class ControlPlaneProcess implements AutoCloseable {
    static final String ADMIN_TOKEN = "admin-of-the-bench";
    static final String RUNNER_TOKEN = "runner-of-the-bench";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private final ProgramProcess process;

    /**
     * Returns when it listens.
     *
     * @param root the checkout, whose modules are packaged
     * @param memory what the JVM takes for the machine's memory, such as {@code 1g}
     * @param flags more flags for the control plane
     */
    ControlPlaneProcess(Path root, int port, String memory, List<String> flags)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(root.resolve("bin/control-plane").toString(), "-listen", "127.0.0.1:" + port));
        command.addAll(flags);
        Path log = root.resolve("bench/target/control-plane.log");
        var builder = new ProcessBuilder(command);
        builder.environment().put("RUNNER_TOKEN", RUNNER_TOKEN);
        builder.environment().put("ADMIN_TOKEN", ADMIN_TOKEN);
        builder.environment().putIfAbsent("LOG_LEVEL", "warn");
        builder.environment().merge("CONTROL_PLANE_JAVA_OPTS", "-XX:MaxRAM=" + memory, (own, more) -> more + " " + own);
        process = ProgramProcess.start(builder, log);
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!listens(port)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                close();
                throw new IOException("the control plane did not start; see " + log);
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private static boolean listens(int port) {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Its memory, CPU time and threads. */
    JavaProcess usage() {
        return new JavaProcess(process);
    }

    /** As by {@code kill -9}. Returns when it has ended. */
    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.stop(STOP_LIMIT);
    }
}

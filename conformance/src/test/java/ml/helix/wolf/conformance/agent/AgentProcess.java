package ml.helix.wolf.conformance.agent;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.agent.Main;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.ProgramProcess;

/** An agent as a process of its own, from the classes of this build. */
final class AgentProcess extends MonitoredAgent implements AutoCloseable {
    final ProgramProcess process;

    private AgentProcess(InetSocketAddress address, ProgramProcess process) {
        super(address);
        this.process = process;
    }

    /** Starts an agent whose monitoring port is a free port of 127.0.0.1, without heartbeats. */
    static AgentProcess start(Path folder, Map<String, String> environment, List<String> arguments) throws IOException {
        return start(folder, List.of(), List.of(), environment, arguments);
    }

    /**
     * The same with what a test wants to be different.
     *
     * @param prefix the words before {@code java}, for example {@code setpriv}
     * @param jvm flags of the JVM; empty for those of a short run
     * @param environment the whole environment, but for LC_ALL
     */
    static AgentProcess start(
            Path folder, List<String> prefix, List<String> jvm, Map<String, String> environment, List<String> arguments)
            throws IOException {
        int port = FreePort.choose();
        List<String> all = new ArrayList<>(List.of("-listen", "127.0.0.1:" + port, "-register=false"));
        all.addAll(arguments);
        var variables = new HashMap<>(environment);
        variables.put("LC_ALL", "C.UTF-8");
        return new AgentProcess(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port),
                ProgramProcess.start(prefix, jvm, Main.class, folder, variables, all));
    }

    /** The resident memory now, in bytes. */
    long residentBytes() throws IOException {
        return process.proc("status")
                        .lines()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                * 1024;
    }

    /** Kills the process if it still runs; fails if it has printed a secret. */
    @Override
    public void close() throws IOException {
        process.close();
        if (Secrets.in(process.output())) {
            throw new AssertionError("the agent has printed a secret");
        }
    }
}

package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * An agent of another implementation, for example Helix's. {@code -Dreplicas.agent} is its command line, divided at spaces, with
 * <code>{url}</code>, <code>{id}</code> (the whole runner id), <code>{token}</code> and <code>{local}</code> for what each
 * agent needs.
 */
final class OtherAgent {
    private static final String COMMAND = System.getProperty("replicas.agent", "");

    private OtherAgent() {}

    static boolean isGiven() {
        return !COMMAND.isEmpty();
    }

    /**
     * @param folder gets a file with what it prints
     * @param port where the control plane, or a load balancer in front, listens
     * @param wolf the local port of its Wolf
     */
    static ProgramProcess start(Path folder, int port, String runnerId, int wolf) throws IOException {
        List<String> words = Arrays.stream(COMMAND.split(" "))
                .map(word -> word.replace("{url}", "http://127.0.0.1:" + port)
                        .replace("{id}", runnerId)
                        .replace("{token}", TestControlPlane.RUNNER_TOKEN)
                        .replace("{local}", "127.0.0.1:" + wolf))
                .toList();
        return ProgramProcess.start(new ProcessBuilder(words), Files.createTempFile(folder, runnerId, ".log"));
    }
}

package ml.helix.wolf.playground.demo;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The running parts of the demo, as {@link DemoStart} started them.
 *
 * @param folder the demo's files: tokens, logs, kubeconfig
 * @param kubeconfig of the API server
 * @param embedded whether the API server is the embedded one
 * @param network between the nodes and the control plane
 */
record DemoParts(
        Path folder,
        KubernetesClient client,
        Path kubeconfig,
        boolean embedded,
        List<WolfNode> nodes,
        CuttableRelay network,
        DemoProgram controlPlane,
        DemoProgram operator,
        Caller caller,
        ExampleManifest example) {

    /** Every log file in the demo's folder, those of the agents first. */
    static List<Path> logs(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted(Comparator.comparing(file -> !file.toString().contains("pods")))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Path> logs() {
        return logs(folder);
    }
}

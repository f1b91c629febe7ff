package ml.helix.wolf.kubectl.command;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.KubeAPITestException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;

/** An API server of kube-api-test, without the CRD. */
final class ApiServer implements AutoCloseable {
    private final KubeAPIServer server;
    private final Path folder;

    private ApiServer(KubeAPIServer server, Path folder) {
        this.server = server;
        this.folder = folder;
    }

    /** Without binaries, and without a way to download them, the tests are skipped. */
    static ApiServer start(Path folder) throws IOException {
        try (var lockFile = FileChannel.open(
                        Path.of("target/kube-api-server.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var _ = lockFile.lock()) {
            Path tokens = Files.writeString(
                    folder.resolve("tokens.csv"), "token-of-nobody-in-the-plugins-tests,nobody,nobody,nobody");
            var server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                    .withApiServerFlag("--token-auth-file", tokens.toString())
                    .withStartupTimeout((int) Duration.ofMinutes(2).toMillis())
                    .build());
            server.start();
            return new ApiServer(server, folder);
        } catch (KubeAPITestException e) {
            return Assumptions.abort("kube-api-test has no API server (KUBE_API_TEST_DIR) and could not download one: "
                    + e.getMessage());
        }
    }

    KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
    }

    /** A kubeconfig with all permissions. */
    String kubeconfig() throws IOException {
        return Files.writeString(folder.resolve("kubeconfig"), server.getKubeConfigYaml())
                .toString();
    }

    /** A kubeconfig of a user without any permission. */
    String kubeconfigOfNobody() throws IOException {
        Config config = new ConfigBuilder(Config.fromKubeconfig(server.getKubeConfigYaml())).build();
        return Files.writeString(folder.resolve("nobody"), """
                        apiVersion: v1
                        kind: Config
                        current-context: it
                        contexts: [{name: it, context: {cluster: it, user: nobody, namespace: wolf}}]
                        clusters: [{name: it, cluster: {server: "%s", insecure-skip-tls-verify: true}}]
                        users: [{name: nobody, user: {token: token-of-nobody-in-the-plugins-tests}}]
                        """.formatted(config.getMasterUrl()))
                .toString();
    }

    @Override
    public void close() {
        server.stop();
    }
}

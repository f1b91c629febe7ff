package ml.helix.wolf.operator.apiserver;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.testkit.FreePort;
import org.assertj.core.api.Assertions;

/**
 * A second kube-apiserver on the etcd of the first, as in a cluster with several. It can be killed and started again on the
 * same port, while the tests still reach the cluster through the first.
 */
final class SecondApiServer implements AutoCloseable {
    private final Config first;
    private final List<String> command;
    private final int port;
    private final Path log;
    private Process process;

    SecondApiServer(RealApiServer.Running running) throws IOException {
        first = running.config();
        port = FreePort.choose();
        command = commandOfTheFirst(
                String.valueOf(URI.create(first.getMasterUrl()).getPort()));
        command.set(command.indexOf("--secure-port") + 1, String.valueOf(port));
        log = Files.createTempFile(Path.of("target").toAbsolutePath(), "second-api-server", ".log");
    }

    private static List<String> commandOfTheFirst(String portOfTheFirst) {
        var server = ProcessHandle.current()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("kube-apiserver"))
                .filter(child -> List.of(child.info().arguments().orElseThrow()).contains(portOfTheFirst))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no kube-apiserver runs"));
        return new ArrayList<>(Stream.concat(
                        server.info().command().stream(),
                        Stream.of(server.info().arguments().orElseThrow()))
                .toList());
    }

    /** Returns when it answers. */
    SecondApiServer start() throws Exception {
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(log.toFile()))
                .start();
        try (var client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build()) {
            Eventually.holds(() -> {
                try {
                    Assertions.assertThat(client.raw("/readyz")).isEqualTo("ok");
                } catch (KubernetesClientException e) {
                    throw new AssertionError("not ready, see " + log, e);
                }
            });
        }
        return this;
    }

    /** By SIGKILL: connections break without a TLS or HTTP close. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    Config config() {
        return new ConfigBuilder(first)
                .withMasterUrl("https://127.0.0.1:" + port + "/")
                .build();
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
    }
}

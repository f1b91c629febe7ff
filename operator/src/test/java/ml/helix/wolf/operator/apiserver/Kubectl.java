package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Runs the kubectl that is in the same folder as the kube-apiserver. */
final class Kubectl {
    private final String program;
    private final Path kubeconfig;

    /** @param folder for the kubeconfig */
    Kubectl(RealApiServer.Running server, Path folder) throws IOException {
        program = ProcessHandle.current()
                .descendants()
                .flatMap(child -> child.info().command().stream())
                .filter(command -> command.endsWith("kube-apiserver"))
                .map(command -> Path.of(command).resolveSibling("kubectl").toString())
                .findFirst()
                .orElseThrow();
        kubeconfig = Files.writeString(folder.resolve("kubeconfig"), server.kubeconfig());
    }

    /**
     * Returns what it prints to standard output.
     *
     * @param in its standard input
     */
    String run(String in, String... arguments) throws Exception {
        var process = new ProcessBuilder(
                        Stream.concat(Stream.of(program, "--kubeconfig", kubeconfig.toString()), Stream.of(arguments))
                                .toList())
                .redirectError(Redirect.INHERIT)
                .start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(in.getBytes(StandardCharsets.UTF_8));
        }
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(() -> "kubectl " + List.of(arguments)).isZero();
        return out;
    }
}

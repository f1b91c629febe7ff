package ml.helix.wolf.playground.node;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Runs containers as processes of this machine: an image stands for an executable. A process gets the container's
 * environment and, of this program's own, only what it takes to find and tune Java. Thread-safe.
 */
public final class ProcessLauncher implements ContainerLauncher {
    private static final List<String> INHERITED =
            List.of("PATH", "HOME", "JAVA_HOME", "LANG", "TMPDIR", "TUNNEL_AGENT_JAVA_OPTS");

    private final Map<String, Path> images;

    /**
     * @param images executables by the name of the image that they stand for
     */
    public ProcessLauncher(Map<String, Path> images) {
        this.images = Map.copyOf(images);
    }

    @Override
    public Optional<Running> start(ContainerCommand command) throws IOException {
        Path executable = images.get(command.image());
        if (executable == null) {
            return Optional.empty();
        }
        List<String> line = new ArrayList<>();
        line.add(executable.toString());
        line.addAll(command.arguments());
        Files.createDirectories(command.log().getParent());
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(command.log().toFile()));
        builder.environment().keySet().retainAll(INHERITED);
        builder.environment().putAll(command.environment());
        Process process = builder.start();
        process.getOutputStream().close();
        return Optional.of(new RunningProcess(process));
    }

    private static final class RunningProcess implements Running {
        private final Process process;
        private final CompletableFuture<Integer> exit = new CompletableFuture<>();

        private RunningProcess(Process process) {
            this.process = process;
            Thread.ofVirtual().name("exit-" + process.pid()).start(this::await);
        }

        private void await() {
            try {
                exit.complete(process.waitFor());
            } catch (InterruptedException e) {
                exit.completeExceptionally(e);
            }
        }

        @Override
        public CompletableFuture<Integer> exit() {
            return exit;
        }

        @Override
        public void terminate() {
            process.destroy();
        }

        @Override
        public void kill() {
            process.destroyForcibly();
        }
    }
}

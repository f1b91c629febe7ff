package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One of the project's programs as a process of its own, its output in a file. Thread-safe. */
final class ChildProcess implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final String name;
    private final Process process;
    private final Path log;

    private ChildProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /** Starts it with this program's own environment and, over it, the given one. */
    static ChildProcess start(List<String> command, Map<String, String> environment, Path log) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        return new ChildProcess(Path.of(command.getFirst()).getFileName().toString(), process, log);
    }

    /** Blocks until {@code readyz} answers 200. */
    void awaitReady(HttpClient http, String readyz) throws NotSeen, InterruptedException {
        Await.until(name + " ready", Duration.ofSeconds(60), List.of(log), () -> {
            if (!process.isAlive()) {
                return Optional.of(false);
            }
            try {
                HttpRequest request = HttpRequest.newBuilder(URI.create(readyz))
                        .timeout(Duration.ofSeconds(2))
                        .build();
                int status = http.send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode();
                return Optional.of(true).filter(ready -> status == 200);
            } catch (IOException e) {
                return Optional.empty();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.of(false);
            }
        });
        requireAlive();
    }

    /** Fails where it has ended. */
    void requireAlive() throws NotSeen {
        if (!process.isAlive()) {
            throw new NotSeen(name + " ended with status " + process.exitValue(), List.of(log));
        }
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    Path log() {
        return log;
    }

    /** Asks it to end, and ends it if it does not within five seconds. Idempotent. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import ml.helix.wolf.testkit.ProgramProcess;

/**
 * The control plane or the operator, as a process of its own.
 *
 * @param url where it serves {@code /readyz}
 */
record DemoProgram(String name, String url, ProgramProcess process, Path log) {
    private static final Duration START = Duration.ofSeconds(60);

    /** Blocks until {@code /readyz} answers 200. */
    void awaitReady(HttpClient http) throws DemoFailure, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/readyz"))
                .timeout(Duration.ofSeconds(2))
                .build();
        Await.until(name + " is ready", START, List.of(log), () -> !process.isAlive() || answers(http, request));
        requireAlive();
    }

    private static boolean answers(HttpClient http, HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void requireAlive() throws DemoFailure {
        if (!process.isAlive()) {
            throw new DemoFailure(name + " ended with status " + process.exitStatus(), List.of(log));
        }
    }
}

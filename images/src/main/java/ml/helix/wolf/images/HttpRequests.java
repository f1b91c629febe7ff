package ml.helix.wolf.images;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** HTTP requests to the programs in training runs. */
final class HttpRequests {
    private static final Duration START_LIMIT = Duration.ofSeconds(120);

    private HttpRequests() {}

    /** Waits until {@code base/readyz} answers 200. */
    static void awaitReady(HttpClient http, String base, TrainingRun run) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (System.nanoTime() < deadline && run.process().isAlive()) {
            try {
                if (get(http, base + "/readyz") == 200) {
                    return;
                }
            } catch (IOException e) {
                // Not listening yet.
            }
            Thread.sleep(50);
        }
        throw run.failure("was not ready within " + START_LIMIT.toSeconds() + " s");
    }

    /** Sends a GET and returns the status; {@code headers} are names and values in turn. */
    static int get(HttpClient http, String url, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}

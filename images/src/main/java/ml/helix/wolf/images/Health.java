package ml.helix.wolf.images;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Asks programs in training by HTTP. */
final class Health {
    private static final Duration START = Duration.ofSeconds(120);

    private Health() {}

    /** Waits until {@code base/readyz} is 200. */
    static void awaitReady(HttpClient http, String base, TrainingRun run) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START.toNanos();
        while (System.nanoTime() < deadline && run.process().isAlive()) {
            try {
                if (get(http, base + "/readyz") == 200) {
                    return;
                }
            } catch (IOException e) {
                // Not listening yet: asked again until the deadline.
            }
            Thread.sleep(50);
        }
        throw run.failure("was not ready within " + START.toSeconds() + " s");
    }

    /** The status of a GET, with {@code headers} as names and values in turn. */
    static int get(HttpClient http, String url, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}

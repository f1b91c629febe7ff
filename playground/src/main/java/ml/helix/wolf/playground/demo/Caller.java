package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import ml.helix.wolf.program.Secret;

/** Somebody who reaches Wolfs through the control plane's HTTP API. Thread-safe. */
final class Caller {
    /**
     * What came back.
     *
     * @param status the HTTP status, 0 where there was no answer
     */
    record Answer(int status, String body) {

        /** The status and the beginning of the body, in one line. */
        String brief(int width) {
            String text = body.replaceAll("\\s+", " ");
            return status + "  " + (text.length() <= width ? text : text.substring(0, width - 3) + "...");
        }
    }

    private final HttpClient http;
    private final String url;
    private final Secret adminToken;

    Caller(HttpClient http, String url, Secret adminToken) {
        this.http = http;
        this.url = url;
        this.adminToken = adminToken;
    }

    /** Where the control plane is. */
    String url() {
        return url;
    }

    static String path(String runnerId) {
        return "/api/v1/wolf-instances/" + runnerId + "/proxy/api/v1/sessions";
    }

    /** Asks one Wolf for its sessions. */
    Answer sessions(String runnerId) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path(runnerId)))
                .header("Authorization", "Bearer " + adminToken.reveal())
                .timeout(Duration.ofSeconds(40))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException e) {
            return new Answer(0, "no answer: " + e.getMessage());
        }
    }
}

package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import ml.helix.wolf.program.Secret;

/**
 * A client that reaches Wolfs through the control plane's HTTP API.
 *
 * @param url the control plane's
 */
record Caller(HttpClient http, String url, Secret adminToken) {
    /**
     * An answer of the control plane.
     *
     * @param status the HTTP status; 0 if no answer came
     */
    record Answer(int status, String body) {

        /** Status and body in one line; the body is cut to {@code width}. */
        String brief(int width) {
            String text = body.replaceAll("\\s+", " ");
            return status + "  " + (text.length() <= width ? text : text.substring(0, width - 3) + "...");
        }
    }

    /** The sessions of one Wolf. */
    static String path(String runnerId) {
        return instance(runnerId) + "/proxy/api/v1/sessions";
    }

    static String instance(String runnerId) {
        return "/api/v1/wolf-instances/" + runnerId;
    }

    Answer get(String path) throws InterruptedException {
        return send("GET", path);
    }

    Answer post(String path) throws InterruptedException {
        return send("POST", path);
    }

    private Answer send(String method, String path) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
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

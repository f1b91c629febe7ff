package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpMethod;
import org.junit.jupiter.api.Test;

class EventStreamIT {
    @Test
    void eventsAndCommentsAreSentAndTheResponseEndsInOrder() throws Exception {
        var response = answer("GET", (request, out) -> {
            out.send("one", "{\"a\":1}");
            out.comment();
        });

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream; charset=utf-8");
        assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
        assertThat(response.headers().firstValue("Transfer-Encoding")).contains("chunked");
        assertThat(response.body()).isEqualTo("event: one\ndata: {\"a\":1}\n\n:\n\n");
    }

    @Test
    void headGetsNoEvents() throws Exception {
        var response = answer("HEAD", (request, out) -> {
            throw new IllegalStateException("asked for events");
        });

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
    }

    @Test
    void aRefusalBeforeTheFirstEventIsAnError() throws Exception {
        var response = answer("GET", (request, out) -> {
            throw new ApiException(ApiError.notFound("nothing to see"));
        });

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.headers().allValues("Content-Type")).containsExactly("application/json");
        assertThat(response.body()).isEqualTo("{\"error\":{\"code\":\"NotFound\",\"message\":\"nothing to see\"}}");
    }

    @Test
    void aCallerThatDoesNotReadCanBeCut() throws Exception {
        var stream = new CompletableFuture<EventStream>();
        var failure = new CompletableFuture<IOException>();
        String megabyte = "x".repeat(1024 * 1024);
        try (WebServer server = server((request, out) -> {
                    stream.complete(out);
                    try {
                        while (true) {
                            out.send("much", megabyte);
                        }
                    } catch (IOException e) {
                        failure.complete(e);
                        throw e;
                    }
                });
                Socket caller = new Socket("127.0.0.1", server.port())) {
            caller.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(caller.getInputStream().read()).isEqualTo('H');
            stream.get(20, TimeUnit.SECONDS).cut();

            assertThat(failure.get(20, TimeUnit.SECONDS)).isNotNull();
        }
    }

    private static HttpResponse<String> answer(String method, EventStream.Source source)
            throws IOException, InterruptedException {
        try (WebServer server = server(source);
                HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port()))
                            .method(method, BodyPublishers.noBody())
                            .build(),
                    BodyHandlers.ofString());
        }
    }

    private static WebServer server(EventStream.Source source) throws IOException {
        var server = new WebServer(
                new InetSocketAddress("127.0.0.1", 0),
                Optional.empty(),
                fields -> true,
                new Router(List.of(Route.on(HttpMethod.GET, "/", AccessRule.OPEN, EventStream.each(source)))));
        server.start();
        return server;
    }
}

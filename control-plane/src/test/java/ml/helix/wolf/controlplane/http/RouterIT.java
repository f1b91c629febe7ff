package ml.helix.wolf.controlplane.http;

import static ml.helix.wolf.controlplane.http.AccessRule.OPEN;
import static ml.helix.wolf.controlplane.http.Route.any;
import static ml.helix.wolf.controlplane.http.Route.on;
import static ml.helix.wolf.controlplane.http.Route.upgrade;
import static ml.helix.wolf.controlplane.http.TextResponse.each;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.eclipse.jetty.http.HttpMethod.DELETE;
import static org.eclipse.jetty.http.HttpMethod.GET;
import static org.eclipse.jetty.http.HttpMethod.POST;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The router within a web server of its own, asked by raw bytes. */
class RouterIT {
    private static final AccessRule WITH_TOKEN = (request, path) -> {
        if (!request.getHeaders().contains("X-Token")) {
            throw new ApiException(ApiError.unauthorized("no token"));
        }
    };

    private final List<Route> routes = List.of(
            on(GET, "/", OPEN, says("root")),
            on(GET, "/a/b", OPEN, says("exact")),
            on(GET, "/a/{x}", OPEN, says("pattern")),
            on(POST, "/a/{y}", OPEN, says("posted")),
            any("/a/**", OPEN, says("rest")),
            on(DELETE, "/closed", WITH_TOKEN, says("deleted")),
            on(GET, "/closed", OPEN, says("open")),
            upgrade("/socket", OPEN, says("socket")),
            on(POST, "/json", OPEN, each((request, path) -> TextResponse.json(JsonBody.read(request, Labels.class)))),
            on(POST, "/failing", OPEN, (request, path, response, callback) -> {
                throw new IllegalStateException("a secret of the inside");
            }));
    private WebServer server;

    record Labels(List<String> labels) {}

    @BeforeEach
    void start() throws IOException {
        server = new WebServer(
                new InetSocketAddress("127.0.0.1", 0),
                Optional.empty(),
                fields -> fields.contains("X-Token"),
                new Router(routes));
        server.start();
    }

    @AfterEach
    void close() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/,root",
        "GET,/a/b,exact",
        "GET,/a/b?c=/d,exact",
        "GET,http://x/a/b,exact",
        "GET,/a/c,pattern",
        "POST,/a/c,posted",
        "GET,/a/b%2Fc,pattern",
        "GET,/a/%2e%2e,pattern",
        "GET,/a/..,pattern",
        "GET,/a/../b,rest /../b",
        "GET,/a/b/,rest /b/",
        "GET,/a//b,rest //b",
        "GET,/a/,rest /",
        "PROPFIND,/a/b/c,rest /b/c",
        "OPTIONS,/a/b/c,rest /b/c",
        "get,/a/b/c,rest /b/c",
    })
    void theMostSpecificTemplateDecides(String method, String target, String body) throws Exception {
        assertThat(ask(method, target)).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n" + body + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "POST,/a/b,'GET, HEAD, OPTIONS'",
        "DELETE,/a/c,'GET, HEAD, POST, OPTIONS'",
        "get,/,'GET, HEAD, OPTIONS'",
        "TRACE,/,'GET, HEAD, OPTIONS'",
        "HEAD,/socket,'GET, OPTIONS'",
        "X,/,'GET, HEAD, OPTIONS'",
    })
    void aMethodThatThePathLacksIs405WithAllow(String method, String target, String allow) throws Exception {
        assertThat(ask(method, target)).startsWith("HTTP/1.1 405").contains("\r\nAllow: " + allow + "\r\n");
    }

    @ParameterizedTest
    @CsvSource({"/,'GET, HEAD, OPTIONS'", "/socket,'GET, OPTIONS'", "/a/x,'GET, HEAD, POST, OPTIONS'"})
    void optionsAreAnsweredWithoutABody(String target, String allow) throws Exception {
        assertThat(ask("OPTIONS", target))
                .startsWith("HTTP/1.1 204")
                .contains("\r\nAllow: " + allow + "\r\n")
                .endsWith("\r\n\r\n");
    }

    @Test
    void headIsGetWithoutItsBody() throws Exception {
        String got = ask("GET", "/a/b");

        assertThat(ask("HEAD", "/a/b")).isEqualTo(got.substring(0, got.indexOf("\r\n\r\n") + 4));
    }

    @Test
    void theErrorOfAHeadRequestHasNoBodyEither() throws Exception {
        assertThat(ask("HEAD", "/nothing")).startsWith("HTTP/1.1 404").endsWith("\r\n\r\n");
        assertThat(ask("HEAD", "/socket")).startsWith("HTTP/1.1 405").endsWith("\r\n\r\n");
    }

    @Test
    void theMethodsOfAPathAreToldToThoseOnlyWhoMayUseIt() throws Exception {
        for (String method : List.of("POST", "OPTIONS", "DELETE")) {
            assertThat(ask(method, "/closed")).startsWith("HTTP/1.1 401").doesNotContain("Allow");
        }
        assertThat(ask("GET", "/closed")).startsWith("HTTP/1.1 200");
        assertThat(ask("OPTIONS", "/closed", "X-Token: 1"))
                .startsWith("HTTP/1.1 204")
                .contains("\r\nAllow: DELETE, GET, HEAD, OPTIONS\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//",
                "/A/b",
                "/a",
                "/%61/b",
                "/a%2Fb",
                "/./a/b",
                "/closed/",
                "/closed;x",
                "/a\\b",
            })
    void anyOtherPathIsNotFound(String target) throws Exception {
        assertThat(ask("GET", target)).startsWith("HTTP/1.1 404").contains("\"code\":\"NotFound\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET * HTTP/1.1\r\nHost: x\r\n",
                "GET /../a/b HTTP/1.1\r\nHost: x\r\n",
                "GET http://elsewhere/a/b HTTP/1.1\r\nHost: x\r\n",
                "CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n",
                "CONNECT / HTTP/1.1\r\nHost: x\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: x\r\n",
                "TRACE * HTTP/1.1\r\nHost: x\r\n",
                "GET http:// HTTP/1.1\r\nHost: x\r\n",
                "GET nothing HTTP/1.1\r\nHost: x\r\n",
                "GET ?a HTTP/1.1\r\nHost: x\r\n",
                "GET  HTTP/1.1\r\nHost: x\r\n",
                "G(T / HTTP/1.1\r\nHost: x\r\n",
                "GET /\u00e4 HTTP/1.1\r\nHost: x\r\n",
                "GET /a/%zz HTTP/2.0\r\nHost: x\r\n",
                "GET /a\u0000b HTTP/1.1\r\nHost: x\r\n",
            })
    void aHostileRequestLineGetsAnErrorInJson(String head) throws Exception {
        assertThat(send(head + "Connection: close\r\n\r\n"))
                .matches("(?s)HTTP/1.1 [45]\\d\\d .*")
                .doesNotContain("HTTP/1.1 500")
                .contains("{\"error\":{\"code\":");
    }

    @Test
    void aPathOfManySlashesIsAnsweredAtOnceAndALongerHeadIsTooLong() throws Exception {
        assertThat(ask("GET", "/".repeat(15_000))).startsWith("HTTP/1.1 404");
        assertThat(ask("GET", "/a" + "/".repeat(15_000) + "b")).startsWith("HTTP/1.1 200");
        assertThat(ask("GET", "/" + "a".repeat(17_000)))
                .startsWith("HTTP/1.1 4")
                .doesNotContain("HTTP/1.1 404");
    }

    @Test
    void aConnectionOutlivesTheErrorsOfItsRequests() throws Exception {
        String body = "X-Token: 1\r\nContent-Length: 5\r\n\r\nhello";
        String answers = send("POST /nothing HTTP/1.1\r\nHost: x\r\n" + body + "PUT / HTTP/1.1\r\nHost: x\r\n" + body
                + "POST /failing HTTP/1.1\r\nHost: x\r\n" + body + "OPTIONS / HTTP/1.1\r\nHost: x\r\n" + body
                + "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(Pattern.compile("HTTP/1.1 (\\d+)").matcher(answers).results().map(status -> status.group(1)))
                .containsExactly("404", "405", "500", "204", "200", "200");
        assertThat(answers).endsWith("\r\n\r\nroot\n");
    }

    @Test
    void whatNobodyHasPlannedForIs500WithoutDetail() throws Exception {
        assertThat(ask("POST", "/failing"))
                .startsWith("HTTP/1.1 500")
                .contains("{\"error\":{\"code\":\"ServerError\",")
                .doesNotContain("secret", "IllegalState");
    }

    @Test
    void aJsonBodyIsReadAndAnswered() throws Exception {
        String json = "{\"labels\":[\"a\"]}";

        assertThat(post("application/json", json)).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n" + json + "\n");
        assertThat(post("Application/JSON;charset=utf-8", json)).startsWith("HTTP/1.1 200");
    }

    @Test
    void aJsonBodyOfAnotherTypeIs415OneThatIsTooLong413AndABadOne400() throws Exception {
        assertThat(post("text/plain", "{}")).startsWith("HTTP/1.1 415").contains("\"UnsupportedMediaType\"");
        assertThat(ask("POST", "/json", "Content-Length: 0")).startsWith("HTTP/1.1 415");
        assertThat(post("application/json", " ".repeat(JsonBody.MAX_LENGTH - 2) + "[]"))
                .startsWith("HTTP/1.1 400");
        assertThat(post("application/json", " ".repeat(JsonBody.MAX_LENGTH - 1) + "[]"))
                .startsWith("HTTP/1.1 413")
                .contains("\"PayloadTooLarge\"");
        assertThat(post("application/json", "{\"label\":1}"))
                .startsWith("HTTP/1.1 400")
                .contains(
                        "{\"error\":{\"code\":\"BadRequest\",\"message\":\"labels: is missing; label: no such field\"}}");
    }

    @Test
    void aChunkedJsonBodyIsBoundedToo() throws Exception {
        String chunk = "8000\r\n" + " ".repeat(0x8000) + "\r\n";
        String head = "POST /json HTTP/1.1\r\nHost: x\r\nX-Token: 1\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

        assertThat(send(head + chunk + chunk + chunk + "0\r\n\r\n")).startsWith("HTTP/1.1 413");
        assertThat(send(head + chunk + "2\r\n{}\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("labels: is missing");
    }

    private String post(String type, String body) throws IOException {
        return send("POST /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Token: 1\r\nContent-Type: " + type
                + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    @Test
    void twoRoutesForOneMethodAreRefused() {
        for (Route other : List.of(
                on(GET, "/a/{other}", OPEN, says("")),
                upgrade("/a/b", OPEN, says("")),
                any("/socket", OPEN, says("")))) {
            var both = new ArrayList<>(routes);
            both.add(other);

            assertThatThrownBy(() -> new Router(both))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(other.template().toString());
        }
    }

    private static RouteHandler says(String name) {
        return each((request, path) -> TextResponse.line(200, (name + " " + path.rest()).strip()));
    }

    private String ask(String method, String target, String... fields) throws IOException {
        return send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + String.join(
                        "",
                        List.of(fields).stream().map(field -> field + "\r\n").toList()) + "\r\n");
    }

    /** Sends bytes and returns everything that comes back until the connection is closed. */
    private String send(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}

package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.RawHttp.readHead;
import static ml.helix.wolf.controlplane.RawHttp.readToEnd;
import static ml.helix.wolf.controlplane.RawHttp.write;
import static ml.helix.wolf.controlplane.TestControlPlane.ADMIN_TOKEN;
import static ml.helix.wolf.controlplane.TestControlPlane.RUNNER_TOKEN;
import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static ml.helix.wolf.controlplane.TestControlPlane.proxied;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FakeWolf wolf = FakeWolf.onLoopback().start();
    private TestControlPlane controlPlane;
    private TestAgent agent;

    @BeforeEach
    void connect() throws IOException {
        controlPlane = TestControlPlane.start();
        agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()));
    }

    @AfterEach
    void close() {
        agent.close();
        controlPlane.close();
        wolf.close();
    }

    @Test
    void aScreenshotArrivesByteForByte() throws Exception {
        var response = controlPlane.send(
                controlPlane
                        .toWolf("wolf-1", "/testkit/screenshot?bytes=3000001&seed=7")
                        .build(),
                BodyHandlers.ofByteArray());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(response.headers().firstValueAsLong("Content-Length")).hasValue(3_000_001);
        assertThat(response.body()).isEqualTo(TestEndpoints.noise(3_000_001, 7));
    }

    @Test
    void aSlowResponseArrivesByteForByte() throws Exception {
        var response = controlPlane.send(
                controlPlane
                        .toWolf("wolf-1", "/testkit/pieces?count=20&bytes=5001&pauseMillis=100&seed=8")
                        .build(),
                BodyHandlers.ofByteArray());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo(TestEndpoints.noise(20 * 5001, 8));
    }

    @Test
    void anErrorOfWolfArrivesUnchanged() throws Exception {
        var response = controlPlane.send(
                controlPlane.toWolf("wolf-1", "/api/v1/nothing").build());

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEmpty();
    }

    @Test
    void wolfSeesHostLocalhostAndForwardedFieldsAndNoToken() throws Exception {
        JsonNode seen = controlPlane.json(controlPlane
                .toWolf("wolf-1", "/testkit/request?q=a%20b%2Fc")
                .header("X-Forwarded-For", "192.0.2.7")
                .header("Accept", "application/json")
                .build());

        assertThat(seen.path("target").asText()).isEqualTo("/testkit/request?q=a%20b%2Fc");
        JsonNode headers = seen.path("headers");
        assertThat(headers.path("host").asText()).isEqualTo("localhost");
        assertThat(headers.path("x-forwarded-for").asText()).isEqualTo("192.0.2.7, 127.0.0.1");
        assertThat(headers.path("x-forwarded-host").asText()).isEqualTo("127.0.0.1:" + controlPlane.port());
        assertThat(headers.path("x-forwarded-proto").asText()).isEqualTo("http");
        assertThat(headers.path("accept").asText()).isEqualTo("application/json");
        assertThat(seen.toString()).doesNotContain(ADMIN_TOKEN, RUNNER_TOKEN).doesNotContainIgnoringCase("upgrade");
    }

    @Test
    void anAuthorizationBesideXAdminTokenReachesWolf() throws Exception {
        JsonNode seen = controlPlane.json(controlPlane
                .request(proxied("wolf-1", "/testkit/request"))
                .header("X-Admin-Token", ADMIN_TOKEN)
                .header("Authorization", "Basic d29sZjp3b2xm")
                .build());

        assertThat(seen.path("headers").path("authorization").asText()).isEqualTo("Basic d29sZjp3b2xm");
        assertThat(seen.toString()).doesNotContain(ADMIN_TOKEN);
    }

    @Test
    void aBodyOfKnownLengthReachesWolf() throws Exception {
        byte[] body = TestEndpoints.noise(5_000_001, 9);

        JsonNode digest = controlPlane.json(controlPlane
                .toWolf("wolf-1", "/testkit/digest")
                .POST(BodyPublishers.ofByteArray(body))
                .build());

        assertThat(digest.path("bytes").asInt()).isEqualTo(body.length);
        assertThat(digest.path("sha256").asText()).isEqualTo(sha256(body));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_001, 8 * 1024 * 1024})
    void aChunkedBodyReachesWolfWithItsLength(int length) throws Exception {
        byte[] body = TestEndpoints.noise(length, 10);

        JsonNode digest = controlPlane.json(controlPlane
                .toWolf("wolf-1", "/testkit/digest")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
                .build());

        assertThat(digest.path("bytes").asInt()).isEqualTo(length);
        assertThat(digest.path("sha256").asText()).isEqualTo(sha256(body));
    }

    @Test
    void aChunkedBodyThatIsTooLongGets413() throws Exception {
        byte[] body = new byte[8 * 1024 * 1024 + 1];

        assertThat(controlPlane.error(controlPlane
                        .toWolf("wolf-1", "/testkit/digest")
                        .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
                        .build()))
                .isEqualTo("413 PayloadTooLarge");
        eventually("Wolf's connection is closed", () -> wolf.openConnections() == 0);
    }

    @Test
    void aPostWithoutABodyReachesWolfWithContentLength0() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(
                    caller,
                    "POST " + proxied("wolf-1", "/testkit/request") + " HTTP/1.1\r\nHost: x\r\nX-Admin-Token: "
                            + ADMIN_TOKEN + "\r\nConnection: close\r\n\r\n");

            assertThat(readToEnd(caller)).contains("\"content-length\":\"0\"");
        }
    }

    @Test
    void theControlPlaneAnswersExpectAndWolfSeesNone() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(
                    caller,
                    "POST " + proxied("wolf-1", "/testkit/request") + " HTTP/1.1\r\nHost: x\r\nX-Admin-Token: "
                            + ADMIN_TOKEN
                            + "\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertThat(readHead(caller.getInputStream())).startsWith("HTTP/1.1 100");

            write(caller, "hello");

            assertThat(readToEnd(caller)).contains("\"body\":\"hello\"").doesNotContain("expect");
        }
    }

    @Test
    void aResponseToHeadKeepsItsContentLength() throws Exception {
        try (var oneResponse = new OneResponseWolf("HTTP/1.0 200 OK\r\nContent-Length: 12345\r\n\r\n");
                var itsAgent = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(oneResponse.port()))) {
            var response =
                    controlPlane.send(controlPlane.toWolf("wolf-2", "/x").HEAD().build());

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValueAsLong("Content-Length")).hasValue(12345);
            assertThat(itsAgent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aChunkedResponseArrivesWithoutHopByHopFields() throws Exception {
        try (var oneResponse =
                        new OneResponseWolf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Private\r\n"
                                + "X-Private: 1\r\nX-Public: 2\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
                var itsAgent = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(oneResponse.port()))) {
            var response = controlPlane.send(controlPlane.toWolf("wolf-2", "/x").build());

            assertThat(response.body()).isEqualTo("hello world");
            assertThat(response.headers().firstValue("X-Public")).contains("2");
            assertThat(response.headers().firstValue("X-Private")).isEmpty();
            assertThat(itsAgent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aResponseWithALongHeadAndLongTrailersIsComplete() throws Exception {
        try (var oneResponse = new OneResponseWolf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Long: "
                        + "x".repeat(20_000) + "\r\n\r\n5\r\nhello\r\n0\r\nX-Longer: " + "y".repeat(40_000)
                        + "\r\n\r\n");
                var _ = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(oneResponse.port()))) {
            assertThat(controlPlane
                            .send(controlPlane.toWolf("wolf-2", "/x").build())
                            .body())
                    .isEqualTo("hello");
        }
    }

    @Test
    void aResponseThatBreaksOffLooksIncompleteToItsCaller() throws Exception {
        try (var oneResponse = new OneResponseWolf("HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
                var itsAgent = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(oneResponse.port()))) {
            HttpRequest request = controlPlane.toWolf("wolf-2", "/x").build();

            assertThatThrownBy(() -> controlPlane.send(request)).isInstanceOf(IOException.class);
            assertThat(itsAgent.commands()).contains("conn-ready");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.0 200 OK\r\nContent-"})
    void anInvalidResponseGets502(String response) throws Exception {
        try (var oneResponse = new OneResponseWolf(response);
                var itsAgent = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(oneResponse.port()))) {
            assertThat(controlPlane.error(controlPlane.toWolf("wolf-2", "/x").build()))
                    .startsWith("502 ");
            assertThat(itsAgent.commands()).contains("conn-ready");
        }
    }

    @Test
    void eachEventArrivesBeforeTheNextIsSent() throws Exception {
        var response = controlPlane.send(
                controlPlane.toWolf("wolf-1", "/api/v1/events").build(), BodyHandlers.ofInputStream());
        try (var events = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            eventually("a subscriber at Wolf", () -> wolf.subscribers() == 1);
            for (int i = 0; i < 3; i++) {
                wolf.emit("Test" + i, JSON.createObjectNode().put("number", i));

                assertThat(events.readLine()).isEqualTo("event: Test" + i);
                assertThat(events.readLine()).isEqualTo("data: {\"number\":" + i + "}");
                assertThat(events.readLine()).isEmpty();
            }
        }
    }

    @Test
    void aCallerThatGoesAwayEndsTheStreamOfAQuietWolf() throws Exception {
        try (var quiet = new OneResponseWolf("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", true);
                var itsAgent = TestAgent.connect(controlPlane, "wolf-2", TestAgent.splicing(quiet.port()))) {
            try (Socket caller = controlPlane.connect()) {
                write(caller, get("/events").replace("wolf-1", "wolf-2"));
                assertThat(readHead(caller.getInputStream())).startsWith("HTTP/1.1 200");
            }

            quiet.awaitEnd();
            eventually("no stream is left", () -> controlPlane.metric("wolf_control_plane_streams_active") == 0);
            assertThat(itsAgent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aCallerThatGoesAwayWithinItsBodyEndsItsStream() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(
                    caller,
                    "POST " + proxied("wolf-1", "/testkit/digest") + " HTTP/1.1\r\nHost: x\r\nX-Admin-Token: "
                            + ADMIN_TOKEN + "\r\nContent-Length: 1000\r\n\r\nnot all of it");
            eventually("a connection at Wolf", () -> wolf.openConnections() == 1);
        }

        eventually("Wolf's connection is closed", () -> wolf.openConnections() == 0);
    }

    @Test
    void aCallersConnectionServesOneRequestAfterAnother() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            for (int i = 0; i < 3; i++) {
                write(caller, get("/testkit/screenshot?bytes=10"));
                assertThat(readHead(caller.getInputStream())).startsWith("HTTP/1.1 200");
                assertThat(caller.getInputStream().readNBytes(10)).hasSize(10);
            }
        }
    }

    @Test
    void pipelinedRequestsAreServed() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(caller, get("/testkit/pieces?count=5&bytes=100&pauseMillis=100"));
            assertThat(readHead(caller.getInputStream())).startsWith("HTTP/1.1 200");
            write(caller, get("/testkit/screenshot?bytes=11"));
            write(caller, get("/testkit/screenshot?bytes=12").replace("Host: x", "Host: x\r\nConnection: close"));

            String rest = readToEnd(caller);
            assertThat(rest).contains("Content-Length: 11", "Content-Length: 12");
        }
    }

    @Test
    void anUpgradedConnectionPassesBytesBothWays() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(
                    caller,
                    get("/testkit/echo").replace("Host: x", "Host: x\r\nConnection: upgrade\r\nUpgrade: echo")
                            + "with the request ");
            assertThat(readHead(caller.getInputStream())).startsWith("HTTP/1.1 101");
            assertThat(new String(caller.getInputStream().readNBytes(17), StandardCharsets.UTF_8))
                    .isEqualTo("with the request ");
            byte[] noise = TestEndpoints.noise(2_000_000, 11);
            Thread.ofVirtual().start(() -> {
                try {
                    caller.getOutputStream().write(noise);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThat(caller.getInputStream().readNBytes(noise.length)).isEqualTo(noise);
        }

        eventually("Wolf's connection is closed", () -> wolf.openConnections() == 0);
    }

    @Test
    void anUpgradeThatWolfRefusesGetsWolfsResponse() throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(
                    caller,
                    get("/testkit/echo").replace("Host: x", "Host: x\r\nConnection: upgrade, close\r\nUpgrade: other"));

            assertThat(readToEnd(caller)).startsWith("HTTP/1.1 426").contains("Ask for Upgrade: echo");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%2e%2e/x", "/a%2F..%2Fb", "/..%5Cx"})
    void aPathWithDotSegmentsIsRefused(String path) throws Exception {
        try (Socket caller = controlPlane.connect()) {
            write(caller, get(path).replace("Host: x", "Host: x\r\nConnection: close"));

            assertThat(readToEnd(caller)).startsWith("HTTP/1.1 400").contains("\"code\":\"BadRequest\"");
            assertThat(wolf.acceptedConnections()).isZero();
        }
    }

    @Test
    void aRequestWithoutTheAdminTokenGets401() throws Exception {
        for (String token : new String[] {"wrong", RUNNER_TOKEN}) {
            assertThat(controlPlane.error(controlPlane
                            .request(proxied("wolf-1", "/testkit/request"))
                            .header("Authorization", "Bearer " + token)
                            .build()))
                    .isEqualTo("401 Unauthorized");
        }
        assertThat(wolf.acceptedConnections()).isZero();
    }

    private static String get(String path) {
        return "GET " + proxied("wolf-1", path) + " HTTP/1.1\r\nHost: x\r\nX-Admin-Token: " + ADMIN_TOKEN + "\r\n\r\n";
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** Reads the head of one request, sends one response, and then closes or waits for its peer's end. */
    private static final class OneResponseWolf implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0);

        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        OneResponseWolf(String response) throws IOException {
            this(response, false);
        }

        OneResponseWolf(String response, boolean staysOpen) throws IOException {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = server.accept()) {
                    readHead(socket.getInputStream());
                    write(socket, response);
                    if (staysOpen && socket.getInputStream().read() < 0) {
                        ended.complete(null);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }

        int port() {
            return server.getLocalPort();
        }

        void awaitEnd() throws Exception {
            ended.get(20, TimeUnit.SECONDS);
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}

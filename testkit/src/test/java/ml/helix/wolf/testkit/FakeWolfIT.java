package ml.helix.wolf.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class FakeWolfIT {
    private FakeWolf wolf = FakeWolf.onLoopback();

    @TempDir
    private Path folder;

    @AfterEach
    void stop() {
        wolf.close();
    }

    @ParameterizedTest
    @MethodSource("endpointsOfUpstream")
    void everyEndpointAnswersOnceInHttp10AndCloses(String path, String field) throws IOException {
        wolf.start();

        Answer answer = get(path);

        assertThat(answer.head()).startsWith("HTTP/1.0 200 OK\r\n").contains("Content-Length: " + answer.body().length);
        assertThat(answer.json().has(field)).isTrue();
        assertThat(wolf.acceptedConnections()).isEqualTo(1);
    }

    static Stream<Object[]> endpointsOfUpstream() {
        return Stream.of(
                new Object[] {"/api/v1/apps", "apps"},
                new Object[] {"/api/v1/clients", "clients"},
                new Object[] {"/api/v1/pair/pending", "requests"},
                new Object[] {"/api/v1/sessions", "sessions"},
                new Object[] {"/api/v1/openapi-schema", "paths"});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/api/v1/session", "/api/v1/lobbies", "/api/v1/system/health", "/api/v1/system/memory"})
    void anUnknownPathIsA404WithoutABody(String path) throws IOException {
        wolf.start();

        Answer answer = get(path);

        assertThat(answer.head()).startsWith("HTTP/1.0 404 ");
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void helixForkReportsHealthMemoryAndLobbies() throws IOException {
        wolf = wolf.asHelixFork().start();

        assertThat(get("/api/v1/system/health").json().path("overall_status").asText())
                .isEqualTo("healthy");
        assertThat(get("/api/v1/system/memory").json().path("gpu_stats").has("encoder_session_count"))
                .isTrue();
        String lobby = post("/api/v1/lobbies/create", "{\"name\":\"desk\"}")
                .json()
                .path("lobby_id")
                .asText();
        assertThat(get("/api/v1/lobbies").json().at("/lobbies/0/id").asText()).isEqualTo(lobby);
        assertThat(post("/api/v1/lobbies/join", "{\"lobby_id\":\"" + lobby + "\",\"moonlight_session_id\":\"7\"}")
                        .head())
                .contains(" 200 ");
        assertThat(get("/api/v1/system/memory")
                        .json()
                        .at("/lobbies/0/client_count")
                        .asInt())
                .isEqualTo(1);
        wolf.reportHealth("degraded");
        assertThat(get("/api/v1/system/health").json().path("overall_status").asText())
                .isEqualTo("degraded");
        assertThat(post("/api/v1/lobbies/stop", "{\"lobby_id\":\"" + lobby + "\"}")
                        .head())
                .contains(" 200 ");
    }

    @Test
    void sessionsAreAddedPausedAndStopped() throws IOException {
        wolf.start();

        String id = post("/api/v1/sessions/add", "{\"app_id\":\"134906179\",\"video_width\":2560}")
                .json()
                .path("session_id")
                .asText();
        post("/api/v1/sessions/pause", "{\"session_id\":\"" + id + "\"}");

        JsonNode session = get("/api/v1/sessions").json().at("/sessions/0");
        assertThat(session.path("session_id").asText()).isEqualTo(id);
        assertThat(session.path("video_width").asInt()).isEqualTo(2560);
        assertThat(session.path("paused").asBoolean()).isTrue();

        post("/api/v1/sessions/stop", "{\"session_id\":\"" + id + "\"}");

        assertThat(get("/api/v1/sessions").json().path("sessions")).isEmpty();
    }

    @Test
    void aSlowStopKeepsTheSessionUntilItIsDone() throws IOException {
        wolf.sessionStopTakes(Duration.ofMinutes(1)).start();
        String id = post("/api/v1/sessions/add", "{}").json().path("session_id").asText();

        try (SocketChannel stopping = send(
                "POST /api/v1/sessions/stop HTTP/1.1\r\nContent-Length: 38\r\n\r\n{\"session_id\":\"" + id + "\"}  ")) {
            assertThat(stopping.isConnected()).isTrue();
            assertThat(get("/api/v1/sessions").json().path("sessions")).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"session_id\":\"7\"}", "{}", "{\"session_id\":", "[]"})
    void aBadCommandIsA500ThatSaysWhy(String body) throws IOException {
        wolf.start();

        Answer answer = post("/api/v1/sessions/stop", body);

        assertThat(answer.head()).startsWith("HTTP/1.0 500 ");
        assertThat(answer.json().path("success").asBoolean(true)).isFalse();
        assertThat(answer.json().path("error").asText()).isNotBlank();
    }

    @Test
    void aChunkedRequestIsRefused() throws IOException {
        wolf.start();

        Answer answer = exchange("POST /api/v1/sessions/add HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");

        assertThat(answer.head()).startsWith("HTTP/1.0 500 ");
        assertThat(answer.text()).isEqualTo("Chunked encoding not supported, use HTTP/1.0 instead");
    }

    @Test
    void appsAreAddedAndDeletedAndAClientPairsOnce() throws IOException {
        wolf.start();

        post("/api/v1/apps/add", "{\"id\":\"42\",\"title\":\"Blender\"}");
        assertThat(get("/api/v1/apps").text()).contains("Blender");
        post("/api/v1/apps/delete", "{\"id\":\"42\"}");
        assertThat(get("/api/v1/apps").text()).doesNotContain("Blender");

        String pair = "{\"pair_secret\":\"2B1A9C5E77D0\",\"pin\":\"1234\"}";
        assertThat(post("/api/v1/pair/client", pair).head()).contains(" 200 ");
        assertThat(get("/api/v1/clients").json().path("clients")).hasSize(2);
        assertThat(post("/api/v1/pair/client", pair).head()).contains(" 500 ");
    }

    @Test
    void eventsArriveWithKeepAlivesBetweenThem() throws IOException {
        wolf = wolf.withKeepAlive(Duration.ofMillis(20)).start();
        try (SocketChannel events = send("GET /api/v1/events HTTP/1.1\r\n\r\n");
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(Channels.newInputStream(events), ISO_8859_1))) {
            assertThat(lines.readLine()).isEqualTo("HTTP/1.0 200 OK");
            assertThat(lines.readLine()).isEqualTo("Content-Type: text/event-stream");
            awaitLine(lines, ":keepalive");
            assertThat(wolf.subscribers()).isEqualTo(1);

            post("/api/v1/sessions/add", "{}");

            awaitLine(lines, "event: wolf::core::events::StreamSession");
            assertThat(lines.readLine()).startsWith("data: {").contains("session_id");

            wolf.stop();

            assertThat(lines.lines().allMatch(line -> line.isEmpty() || line.startsWith(":")))
                    .isTrue();
        }
    }

    @Test
    void aUnixSocketIsMadeAnewAtEachStartAndKeepsNoSession() throws IOException {
        Path socket = folder.resolve("wolf.sock");
        wolf = FakeWolf.at(socket).start();
        post("/api/v1/sessions/add", "{}");
        Path old = Files.createLink(folder.resolve("old.sock"), socket);

        wolf.stop();
        assertThat(socket).exists();
        assertThatThrownBy(() -> get("/api/v1/sessions")).isInstanceOf(IOException.class);
        wolf.start();

        assertThat(Files.isSameFile(socket, old)).isFalse();
        assertThat(get("/api/v1/sessions").json().path("sessions")).isEmpty();
        assertThat(wolf.local()).isEqualTo("unix://" + socket);
    }

    @Test
    void aRestartKeepsTheChosenPortAndClosesWhatWasOpen() throws IOException {
        wolf = FakeWolf.at(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.99"), 0))
                .start();
        int port = wolf.port();
        try (SocketChannel open = send("GET /api/v1/events HTTP/1.1\r\n\r\n")) {
            InputStream in = Channels.newInputStream(open);
            assertThat(in.read()).isEqualTo('H');

            wolf.restart();

            assertThatEnds(in);
        }
        assertThat(wolf.local()).isEqualTo("127.0.0.99:" + port);
        assertThat(get("/api/v1/apps").head()).contains(" 200 ");
    }

    @Test
    void aStoppedOnesPortRefusesAndNobodyElseGetsIt() throws IOException {
        wolf.start();
        wolf.stop();

        assertThatThrownBy(() -> get("/api/v1/apps")).isInstanceOf(ConnectException.class);
        try (var other = ServerSocketChannel.open()) {
            other.setOption(StandardSocketOptions.SO_REUSEADDR, false);
            assertThatThrownBy(() -> other.bind(wolf.listenAddress())).isInstanceOf(BindException.class);
        }

        wolf.start();
        assertThat(get("/api/v1/apps").head()).contains(" 200 ");
    }

    @Test
    void oneThatNeverAnswersAcceptsAndStaysSilent() throws IOException {
        wolf.start(FakeWolf.Behaviour.NEVER_ANSWERS);
        try (SocketChannel open = send("GET /api/v1/apps HTTP/1.1\r\n\r\n")) {
            open.socket().setSoTimeout(50);
            assertThatThrownBy(() -> open.socket().getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            while (wolf.openConnections() != 1) {
                assertThat(Thread.interrupted()).as("waited too long").isFalse();
            }
        }
    }

    @Test
    void oneThatNeverAcceptsLetsAConnectHang() throws IOException {
        wolf.start(FakeWolf.Behaviour.NEVER_ACCEPTS);
        try (SocketChannel channel = SocketChannel.open()) {
            assertThatThrownBy(() -> channel.socket().connect(wolf.listenAddress(), 100))
                    .isInstanceOf(SocketTimeoutException.class);
        }
        wolf.restart();
        assertThat(get("/api/v1/apps").head()).contains(" 200 ");
    }

    @Test
    void aUnixSocketThatNeverAcceptsLetsAConnectHang() throws IOException {
        wolf = FakeWolf.at(folder.resolve("wolf.sock")).start(FakeWolf.Behaviour.NEVER_ACCEPTS);
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.configureBlocking(false);
            assertThatThrownBy(() -> channel.connect(wolf.listenAddress()))
                    .hasMessageContaining("temporarily unavailable");
        }
    }

    @Test
    void aScreenshotIsTheNoiseOfItsSeed() throws IOException {
        wolf.start();

        Answer answer = get("/testkit/screenshot?bytes=1234567&seed=42");

        assertThat(answer.body()).isEqualTo(TestEndpoints.noise(1_234_567, 42));
        assertThat(TestEndpoints.noise(99, 43)).isNotEqualTo(TestEndpoints.noise(99, 42));
    }

    @Test
    void piecesAreOneNoiseEndedByTheConnectionsEnd() throws IOException {
        wolf.start();

        Answer answer = get("/testkit/pieces?count=7&bytes=1001&seed=3&pauseMillis=1");

        assertThat(answer.head()).doesNotContain("Content-Length");
        assertThat(answer.body()).isEqualTo(TestEndpoints.noise(7 * 1001, 3));
    }

    @Test
    void anUpgradeEchoesEveryByte() throws IOException {
        wolf.start();
        try (SocketChannel upgraded = send("GET /testkit/echo HTTP/1.1\r\nUpgrade: echo\r\n\r\n")) {
            Channels.newOutputStream(upgraded).write(TestEndpoints.noise(100_000, 1));
            upgraded.shutdownOutput();

            byte[] all = Channels.newInputStream(upgraded).readAllBytes();

            assertThat(new String(all, 0, 40, ISO_8859_1)).startsWith("HTTP/1.1 101 ");
            assertThat(Arrays.copyOfRange(all, all.length - 100_000, all.length))
                    .isEqualTo(TestEndpoints.noise(100_000, 1));
        }
    }

    @Test
    void theRequestAndTheBodysDigestAreToldBack() throws IOException {
        wolf.start();

        Answer reflected = exchange("POST /testkit/request?x=1 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: a\r\n"
                + "x-forwarded-for: b\r\nContent-Length: 4\r\n\r\nbody");
        assertThat(reflected.json().path("target").asText()).isEqualTo("/testkit/request?x=1");
        assertThat(reflected.json().at("/headers/x-forwarded-for").asText()).isEqualTo("a, b");
        assertThat(reflected.json().path("body").asText()).isEqualTo("body");

        assertThat(post("/testkit/digest", "abc").json().path("sha256").asText())
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    private record Answer(String head, byte[] body) {
        JsonNode json() throws IOException {
            return WolfConnection.JSON.readTree(body);
        }

        String text() {
            return new String(body, ISO_8859_1);
        }
    }

    private Answer get(String path) throws IOException {
        return exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    private Answer post(String path, String body) throws IOException {
        return exchange("POST " + path + " HTTP/1.1\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private Answer exchange(String request) throws IOException {
        try (SocketChannel channel = send(request)) {
            byte[] all = Channels.newInputStream(channel).readAllBytes();
            int end = new String(all, ISO_8859_1).indexOf("\r\n\r\n") + 4;
            return new Answer(new String(all, 0, end, ISO_8859_1), Arrays.copyOfRange(all, end, all.length));
        }
    }

    private SocketChannel send(String request) throws IOException {
        SocketChannel channel = SocketChannel.open(wolf.listenAddress());
        Channels.newOutputStream(channel).write(request.getBytes(ISO_8859_1));
        return channel;
    }

    private static void awaitLine(BufferedReader lines, String wanted) throws IOException {
        String line = lines.readLine();
        while (!wanted.equals(line)) {
            assertThat(line).as("a line before " + wanted).isNotNull();
            line = lines.readLine();
        }
    }

    private static void assertThatEnds(InputStream in) {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }
}

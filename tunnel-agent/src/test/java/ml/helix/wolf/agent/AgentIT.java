package ml.helix.wolf.agent;

import static ml.helix.wolf.agent.RunningAgent.TOKEN;
import static ml.helix.wolf.agent.RunningAgent.await;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.testkit.FakeWolf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(90)
@Isolated("It counts the threads and the open files of the process.")
class AgentIT {
    private static final String PATH = "/revdial?revdial.dialer=" + "d".repeat(32) + "&revdial.req=" + "r".repeat(32);
    private static final String REQUEST = "GET /api/v1/apps HTTP/1.0\r\n\r\n";

    private final FakeWolf wolf = FakeWolf.onLoopback();

    @TempDir
    Path folder;

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.plain();
        wolf.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        wolf.close();
    }

    @Test
    void theControlConnectionHasThePathPrefixTheRunnerIdAndTheToken() throws Exception {
        try (RunningAgent agent = agent("/tenant/a/", "-wolf-id", "gpu 1/ü");
                ScriptedConnection control = server.next().upgrade()) {
            assertThat(control.requestLine())
                    .isEqualTo("GET /tenant/a/api/v1/revdial?runnerid=wolf-gpu+1%2F%C3%BC HTTP/1.1");
            assertThat(control.header("Authorization")).isEqualTo("Bearer " + TOKEN);
            assertThat(control.header("Host")).isEqualTo("127.0.0.1:" + server.port());
            agent.awaitStatus("\"state\":\"Connected\"", "\"runnerId\":\"wolf-gpu 1/ü\"", "\"connects\":1");
            assertThat(agent.get("/readyz").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theMonitoringPortTakesAPodsIpv6AddressWithoutBrackets() throws Exception {
        try (RunningAgent agent = agent("", "-listen", "::1:0")) {
            assertThat(agent.agent().address().orElseThrow().getAddress()).isEqualTo(InetAddress.ofLiteral("::1"));
            assertThat(agent.get("/livez").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aStatusRequestNoticesThatWolfHasStopped() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection _ = server.next().upgrade()) {
            agent.awaitStatus("\"wolfReachable\":true");
            wolf.stop();
            agent.awaitStatus("\"wolfReachable\":false");
            wolf.start();
            agent.awaitStatus("\"wolfReachable\":true");
        }
    }

    @Test
    void theOperatorThatAskedHearsThatWolfHasGone() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade();
                var operator = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            agent.awaitStatus("\"wolfReachable\":true");
            wolf.stop();
            agent.get("/metrics", "Wolf-Changes-To", "127.0.0.1:1 not-a-status");
            agent.get("/status", "Wolf-Changes-To", "127.0.0.1:" + operator.getLocalPort() + " 7f-A");
            control.binary(connReady(PATH));
            try (Socket notice = operator.accept()) {
                var head =
                        new BufferedReader(new InputStreamReader(notice.getInputStream(), StandardCharsets.US_ASCII));
                assertThat(head.readLine()).isEqualTo("POST /changed/7f-A HTTP/1.0");
                assertThat(head.readLine()).isEqualTo("Host: 127.0.0.1:" + operator.getLocalPort());
                assertThat(head.readLine()).isEqualTo("Content-Length: 0");
                assertThat(head.readLine()).isEmpty();
                notice.getOutputStream().write("HTTP/1.0 202 Accepted\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(agent.status()).contains("\"wolfReachable\":false");
        }
    }

    @Test
    void aConnReadyBecomesADataConnectionToWolf() throws Exception {
        try (RunningAgent agent = agent("/tenant");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary("{\"command\":\"keep-alive\"}\n" + connReady(PATH.replace("&", "\\u0026")));
            try (ScriptedConnection data = server.next().upgrade()) {
                assertThat(data.target()).isEqualTo("/tenant/api/v1" + PATH);
                assertThat(data.header("Authorization")).isEqualTo("Bearer " + TOKEN);

                assertThat(ask(data)).startsWith("HTTP/1.0 200");
            }
            agent.awaitStatus("\"streamsActive\":0", "\"streamsTotal\":1", "\"bytesToWolf\":" + REQUEST.length());
            assertThat(agent.get("/metrics").body())
                    .contains("wolf_tunnel_connected 1")
                    .contains("wolf_tunnel_connects_total{result=\"success\"} 1")
                    .contains("wolf_tunnel_streams_total{result=\"success\"} 1")
                    .contains("wolf_tunnel_streams_active 0")
                    .contains("wolf_tunnel_bytes_total{direction=\"to_wolf\"} " + REQUEST.length())
                    .contains("wolf_tunnel_stream_setup_seconds_count 1")
                    .contains("wolf_tunnel_wolf_reachable 1");
        }
    }

    @Test
    void aRestartedWolfOnAUnixSocketIsServedAgain() throws Exception {
        FakeWolf unix = FakeWolf.at(folder.resolve("wolf.sock")).start();
        try (unix;
                RunningAgent _ = RunningAgent.start(url(""), unix.local());
                ScriptedConnection control = server.next().upgrade()) {
            for (int i = 0; i < 2; i++) {
                control.binary(connReady(PATH));
                try (ScriptedConnection data = server.next().upgrade()) {
                    assertThat(ask(data)).startsWith("HTTP/1.0 200");
                }
                unix.restart();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//evil.example.com/revdial",
                "http://evil.example.com/revdial",
                "@evil.example.com/revdial",
                "/revdial/../../secret",
                "/\\\\evil.example.com",
                "/a b",
                ""
            })
    void aHostileConnPathIsRefusedBeforeAnyConnect(String path) throws Exception {
        try (RunningAgent _ = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(connReady(path));

            assertThat(control.line()).contains("\"command\":\"pickup-failed\"").contains("refused");
            assertThat(server.hasWaiting()).isFalse();
            assertThat(wolf.acceptedConnections()).as("only the probe").isLessThanOrEqualTo(1);
        }
    }

    @Test
    void anUnreachableWolfIsAPickupFailedThatEndsNothingElse() throws Exception {
        wolf.stop();
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(connReady(PATH));

            assertThat(control.line())
                    .contains("\"command\":\"pickup-failed\"")
                    .contains("\"connPath\":\"" + PATH + "\"")
                    .contains("is Wolf running");
            assertThat(server.hasWaiting()).isFalse();
            agent.awaitStatus("\"state\":\"Connected\"", "\"wolfReachable\":false");

            wolf.start();
            control.binary(connReady(PATH));
            try (ScriptedConnection data = server.next().upgrade()) {
                assertThat(ask(data)).startsWith("HTTP/1.0 200");
            }
            agent.awaitStatus("\"wolfReachable\":true");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Oops", "302 Found", "200 OK"})
    void aPickupThatIsRefusedIsAPickupFailed(String status) throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(connReady(PATH));
            server.next().refuse(status, "Location: " + url("/elsewhere"));

            assertThat(control.line()).contains("pickup-failed").contains("answered " + status.substring(0, 3));
            assertThat(server.hasWaiting()).isFalse();
            await(() ->
                    assertThat(wolf.openConnections()).as("connections to Wolf").isZero());
            assertThat(agent.get("/metrics").body()).contains("wolf_tunnel_streams_total{result=\"pickup_failed\"} 1");
        }
    }

    /** Without a length in its head, only the close code tells a caller that the response is not whole. */
    @ParameterizedTest
    @CsvSource({"true, 1011", "false, 1000"})
    void aResponseThatWolfBreaksOffEndsWithCode1011(boolean breaksOff, int code) throws Exception {
        try (var half = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"));
                RunningAgent _ = RunningAgent.start(url(""), "127.0.0.1:" + half.getLocalPort());
                ScriptedConnection control = server.next().upgrade()) {
            half.accept().close(); // the probe
            control.binary(connReady(PATH));
            Socket response = half.accept();
            try (ScriptedConnection data = server.next().upgrade()) {
                response.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nha".getBytes(StandardCharsets.US_ASCII));
                assertThat(data.next().text()).endsWith("ha");
                response.setSoLinger(breaksOff, 0);
                response.close();

                ScriptedConnection.Frame close = data.next();
                assertThat(close.opcode()).isEqualTo(8);
                assertThat(close.payload()).containsExactly(code >> 8, (byte) code);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "401 Unauthorized, Unauthorized", "403 Forbidden, Forbidden", "404 Not Found, NotFound",
        "503 Unavailable, ServerError", "302 Found, ProtocolError", "200 OK, ProtocolError"
    })
    void aRefusedControlConnectionHasItsReasonAndIsTriedAgain(String status, String reason) throws Exception {
        try (RunningAgent agent = agent("")) {
            server.next().refuse(status);

            agent.awaitStatus("\"state\":\"Disconnected\"", "\"reason\":\"" + reason + "\"");
            assertThat(agent.get("/readyz").statusCode()).isEqualTo(503);
            assertThat(agent.get("/readyz").body()).contains(reason);
            assertThat(agent.get("/livez").statusCode()).isEqualTo(200);
            assertThat(agent.get("/metrics").body())
                    .contains("wolf_tunnel_connects_total{result=\"" + reason + "\"}")
                    .contains("wolf_tunnel_connected 0");

            try (ScriptedConnection _ = server.next().upgrade()) {
                agent.awaitStatus("\"state\":\"Connected\"", "\"connects\":1");
            }
        }
    }

    @Test
    void anAbsentControlPlaneIsAConnectFailure() throws Exception {
        int port = server.port();
        server.close();
        try (RunningAgent agent = RunningAgent.start("http://127.0.0.1:" + port, wolf.local())) {
            agent.awaitStatus("\"state\":\"Disconnected\"", "\"reason\":\"ConnectFailure\"");
        }
    }

    @Test
    void aTokenFileIsReadAgainAtEachConnect() throws Exception {
        Path file = folder.resolve("token");
        try (RunningAgent agent = agent("", "-token-file", file.toString())) {
            agent.awaitStatus("\"reason\":\"Unauthorized\"", "can't be read");
            Files.writeString(file, "first\n");
            ScriptedConnection refused = server.next();
            assertThat(refused.header("Authorization")).isEqualTo("Bearer first");
            Files.writeString(file, "second\n");
            refused.refuse("401 Unauthorized");

            try (ScriptedConnection control = server.next().upgrade()) {
                assertThat(control.header("Authorization")).isEqualTo("Bearer second");
                control.binary(connReady(PATH));
                Files.writeString(file, "third\n");
                ScriptedConnection data =
                        server.nextTo(PATH); // a control connection with the third token may come first
                assertThat(data.header("Authorization"))
                        .as("the control's token")
                        .isEqualTo("Bearer second");
                data.refuse("401 Unauthorized");
                try (ScriptedConnection again = server.nextTo(PATH).upgrade()) {
                    assertThat(again.header("Authorization")).isEqualTo("Bearer third");
                    assertThat(ask(again)).startsWith("HTTP/1.0 200");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"not json\n", "\n", "[]\n", "{\"command\":\n"})
    void aLineThatIsNoObjectEndsTheConnectionAndAnotherFollows(String line) throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(line);

            assertThat(control.next().opcode()).isEqualTo(8);
            agent.awaitStatus("\"reason\":\"ProtocolError\"");
            try (ScriptedConnection _ = server.next().upgrade()) {
                agent.awaitStatus("\"connects\":2");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fin", "reset", "1000", "1001", "1012"})
    void aStreamOutlivesItsControlConnectionHoweverThatEnds(String end) throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            agent.awaitStatus("\"state\":\"Connected\"");
            control.binary(connReady(PATH));
            try (ScriptedConnection data = server.next().upgrade()) {
                agent.awaitStatus("\"streamsActive\":1");
                switch (end) {
                    case "fin" -> control.fin();
                    case "reset" -> control.reset();
                    default -> control.closeFrame(Integer.parseInt(end));
                }
                agent.awaitStatus("\"reason\":\"ConnectionLost\"", "\"streamsActive\":1");
                try (ScriptedConnection _ = server.next().upgrade()) {
                    agent.awaitStatus("\"state\":\"Connected\"", "\"connects\":2");
                    assertThat(ask(data)).startsWith("HTTP/1.0 200");
                }
            }
        }
    }

    @Test
    void pingsOnTheControlConnectionAreAnswered() throws Exception {
        try (RunningAgent _ = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.ping("hello");

            ScriptedConnection.Frame pong = control.next();
            assertThat(pong.opcode()).isEqualTo(10);
            assertThat(pong.text()).isEqualTo("hello");
        }
    }

    @Test
    void anEndlessHeadEndsTheAttempt() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next()) {
            CompletableFuture<Void> endless = CompletableFuture.runAsync(() -> {
                while (true) {
                    control.raw("X-Header: 0123456789\r\n".repeat(100).getBytes(StandardCharsets.US_ASCII));
                }
            });

            agent.awaitStatus("\"reason\":\"ProtocolError\"");
            await(() -> assertThat(endless).isCompletedExceptionally());
        }
    }

    @Test
    void fiveHundredConnReadysAtOnceAreAllAnswered() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            var lines = new StringBuilder();
            for (int i = 0; i < 500; i++) {
                lines.append(connReady(PATH + i));
            }
            byte[] bytes = lines.toString().getBytes(StandardCharsets.US_ASCII);
            for (int at = 0; at < bytes.length; at += 50_000) {
                control.frame(2, true, java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 50_000)));
            }
            List<String> targets = new ArrayList<>();
            List<ScriptedConnection> open = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                ScriptedConnection data = server.next().upgrade();
                targets.add(data.target());
                open.add(data);
            }

            assertThat(targets).doesNotHaveDuplicates();
            agent.awaitStatus("\"streamsActive\":500");
            open.forEach(ScriptedConnection::close);
            agent.awaitStatus("\"streamsActive\":0");
        }
    }

    @Test
    void oneThousandStreamsInARowLeaveNoDescriptorAndNoThread() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            stream(agent, control, 50);
            await(() -> assertThat(wolf.openConnections()).isZero());
            long descriptors = descriptors();

            stream(agent, control, 1000);

            await(() -> {
                assertThat(wolf.openConnections()).isZero();
                assertThat(descriptors()).isLessThanOrEqualTo(descriptors + 5);
                assertThat(Thread.getAllStackTraces()).hasSizeLessThan(60);
            });
            agent.awaitStatus("\"streamsActive\":0", "\"streamsTotal\":1050");
        }
    }

    private void stream(RunningAgent agent, ScriptedConnection control, int times) {
        for (int i = 0; i < times; i++) {
            control.binary(connReady(PATH));
            try (ScriptedConnection data = server.next().upgrade()) {
                assertThat(ask(data)).startsWith("HTTP/1.0 200");
            }
        }
        agent.awaitStatus("\"streamsActive\":0");
    }

    @Test
    void stopWaitsForRunningStreamsAndRefusesNewOnes() throws Exception {
        try (RunningAgent agent = agent("");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(connReady(PATH));
            try (ScriptedConnection data = server.next().upgrade()) {
                agent.awaitStatus("\"streamsActive\":1");
                CompletableFuture<Void> stopping = stop(agent);
                agent.awaitStatus("\"state\":\"Draining\"");
                assertThat(agent.get("/readyz").statusCode()).isEqualTo(503);

                control.binary(connReady(PATH));
                assertThat(control.line()).contains("pickup-failed").contains("stopping");
                assertThat(ask(data)).startsWith("HTTP/1.0 200");
                data.closeFrame(1000);

                ScriptedConnection.Frame close = control.next();
                assertThat(close.opcode()).isEqualTo(8);
                assertThat(close.payload()).containsExactly(1001 >> 8, (byte) 1001);
                control.closeFrame(1001).close();
                stopping.get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void aStreamThatDoesNotEndInTimeIsCut() throws Exception {
        try (RunningAgent agent = agent("", "-drain", "1");
                ScriptedConnection control = server.next().upgrade()) {
            control.binary(connReady(PATH));
            try (ScriptedConnection data = server.next().upgrade()) {
                agent.awaitStatus("\"streamsActive\":1");
                CompletableFuture<Void> stopping = stop(agent);

                data.awaitEnd();
                assertThat(control.next().opcode()).isEqualTo(8);
                control.fin();
                stopping.get(20, TimeUnit.SECONDS);
                await(() -> assertThat(wolf.openConnections()).isZero());
            }
        }
    }

    @Test
    void theTokenIsInNoResponse() throws Exception {
        try (RunningAgent agent = agent("")) {
            server.next().refuse("401 " + TOKEN);
            agent.awaitStatus("Unauthorized");

            assertThat(Stream.of("/status", "/metrics", "/readyz", "/livez", "/")
                            .map(path -> agent.get(path).body()))
                    .noneMatch(body -> body.contains(TOKEN));
            assertThat(agent.agent().toString()).doesNotContain(TOKEN);
        }
    }

    private static CompletableFuture<Void> stop(RunningAgent agent) {
        return async(() -> {
            agent.agent().stop();
            return null;
        });
    }

    private RunningAgent agent(String prefix, String... flags) throws Exception {
        return RunningAgent.start(url(prefix), wolf.local(), flags);
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    private static String connReady(String path) {
        return "{\"command\":\"conn-ready\",\"connPath\":\"" + path + "\"}\n";
    }

    /** Sends the request and reads Wolf's response up to the agent's close frame. */
    private static String ask(ScriptedConnection data) {
        data.binary(REQUEST);
        var response = new StringBuilder();
        ScriptedConnection.Frame frame = data.next();
        while (frame.opcode() != 8) {
            response.append(frame.text());
            frame = data.next();
        }
        return response.toString();
    }

    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

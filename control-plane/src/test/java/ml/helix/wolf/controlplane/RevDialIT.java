package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.ADMIN_TOKEN;
import static ml.helix.wolf.controlplane.TestControlPlane.RUNNER_TOKEN;
import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.controlplane.RawWebSocket.Refused;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RevDialIT {
    private static final Duration SHORT = Duration.ofMillis(300);

    private TestControlPlane controlPlane;

    @BeforeEach
    void start() throws IOException {
        controlPlane = TestControlPlane.start();
    }

    @AfterEach
    void close() {
        controlPlane.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "wrong", ADMIN_TOKEN})
    void aConnectionWithoutTheRunnerTokenGets401(String token) {
        for (String target : new String[] {
            "/api/v1/revdial?runnerid=wolf-1", "/revdial?revdial.dialer=x&revdial.req=y", "/api/v1/revdial"
        }) {
            assertThatThrownBy(() -> RawWebSocket.open(controlPlane.port(), target, token))
                    .isInstanceOfSatisfying(Refused.class, refused -> {
                        assertThat(refused.status).isEqualTo(401);
                        assertThat(refused.body).contains("\"code\":\"Unauthorized\"");
                    });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?runnerid=", "?other=x", "?runnerid=a%0Ab"})
    void aConnectionWithoutAValidRunnerIdGets400(String query) {
        assertThatThrownBy(() -> RawWebSocket.open(controlPlane.port(), "/api/v1/revdial" + query, RUNNER_TOKEN))
                .isInstanceOfSatisfying(Refused.class, refused -> {
                    assertThat(refused.status).isEqualTo(400);
                    assertThat(refused.body).contains("runnerid");
                });
    }

    @Test
    void aRequestWithoutAnUpgradeGets426() throws Exception {
        assertThat(controlPlane.error(controlPlane
                        .request("/api/v1/revdial?runnerid=wolf-1")
                        .header("Authorization", "Bearer " + RUNNER_TOKEN)
                        .build()))
                .isEqualTo("426 UpgradeRequired");
    }

    @Test
    void anUnknownDialerGets404() {
        assertThatThrownBy(() -> RawWebSocket.open(
                        controlPlane.port(), "/api/v1/revdial?revdial.dialer=00&revdial.req=11", RUNNER_TOKEN))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.status).isEqualTo(404));
    }

    @Test
    void anExpiredDialerGets410() throws Exception {
        var connPath = new CompletableFuture<String>();
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, path) -> connPath.complete(path))) {
            request("wolf-1");
            connPath.get(20, TimeUnit.SECONDS);
            agent.control().reset();
        }
        eventually("the control connection is closed", () -> controlPlane.activeConnections() == 0);

        assertThatThrownBy(() -> RawWebSocket.open(controlPlane.port(), "/api/v1" + connPath.getNow(""), RUNNER_TOKEN))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.status).isEqualTo(410));
    }

    @Test
    void anIdMayHaveNonAsciiCharacters() throws Exception {
        try (var wolf = FakeWolf.onLoopback().start();
                var agent = TestAgent.connect(controlPlane, "wolf-Ωß 1/2", TestAgent.splicing(wolf.port()))) {
            var response = controlPlane.send(controlPlane
                    .toWolf("wolf-%CE%A9%C3%9F%201%2F2", "/api/v1/apps")
                    .build());

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(agent.commands()).startsWith("keep-alive");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/api/v1"})
    void aPickupMayHaveThePrefixOrNot(String prefix) throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            assertThat(connPath).matches("/revdial\\?revdial\\.dialer=[0-9a-f]{32}&revdial\\.req=[0-9a-f]{32}");
            respond(self.pickUp(prefix + connPath), "hello");
        })) {
            assertThat(request("wolf-1").get(20, TimeUnit.SECONDS)).isEqualTo("hello");
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void theBytesOfAStreamAreTheSameHoweverTheyAreFramed() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            RawWebSocket data = self.pickUp("/api/v1" + connPath);
            awaitRequest(data);
            data.send(RawWebSocket.BINARY, false, utf8("HTTP/1.0 200 OK\r\nContent-"));
            data.send(RawWebSocket.CONTINUATION, false, new byte[0]);
            data.send(RawWebSocket.PING, true, utf8("payload"));
            assertThat(data.next()).satisfies(pong -> {
                assertThat(pong.opcode()).isEqualTo(RawWebSocket.PONG);
                assertThat(pong.text()).isEqualTo("payload");
            });
            data.send(RawWebSocket.CONTINUATION, true, utf8("Length: 200000\r\n\r\n"));
            data.send(RawWebSocket.BINARY, true, new byte[0]);
            data.send(RawWebSocket.PONG, true, utf8("unasked"));
            data.send(RawWebSocket.TEXT, true, utf8("x".repeat(199_000)));
            byte[] last = RawWebSocket.frame(RawWebSocket.BINARY, true, utf8("y".repeat(1_000)));
            for (byte b : last) {
                data.bytes(new byte[] {b});
            }
            data.close();
        })) {
            assertThat(request("wolf-1").get(20, TimeUnit.SECONDS)).isEqualTo("x".repeat(199_000) + "y".repeat(1_000));
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void everyByteBeforeABareFinArrives() throws Exception {
        byte[] noise = TestEndpoints.noise(3_000_000, 1);
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            RawWebSocket data = self.pickUp("/api/v1" + connPath);
            awaitRequest(data);
            data.send(RawWebSocket.BINARY, true, utf8("HTTP/1.0 200 OK\r\n\r\n"));
            data.send(RawWebSocket.BINARY, true, noise);
            data.shutdown();
        })) {
            var response = controlPlane.send(controlPlane.toWolf("wolf-1", "/x").build(), BodyHandlers.ofByteArray());

            assertThat(response.body()).isEqualTo(noise);
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aResetEndsTheStream() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            RawWebSocket data = self.pickUp("/api/v1" + connPath);
            awaitRequest(data);
            data.reset();
        })) {
            assertThat(controlPlane.error(controlPlane.toWolf("wolf-1", "/x").build()))
                    .isEqualTo("502 NoResponse");
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aDialToAnUnknownIdIsNoConnection() throws Exception {
        assertThat(controlPlane.error(controlPlane.toWolf("wolf-9", "/x").build()))
                .isEqualTo("503 NoConnection");
        assertThat(controlPlane.metric("wolf_control_plane_dials_total{result=\"NoConnection\"}"))
                .isEqualTo(1);
    }

    @Test
    void aDroppedAgentThatDoesNotComeBackIsAReconnectTimeout() throws Exception {
        controlPlane.close();
        controlPlane = TestControlPlane.start(Duration.ofSeconds(2), Duration.ofSeconds(30));
        TestAgent agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent());
        HttpRequest request = controlPlane.toWolf("wolf-1", "/x").build();
        CompletableFuture<String> error = async(() -> controlPlane.error(request));
        eventually("the agent was asked", () -> agent.commands().contains("conn-ready"));
        agent.control().reset();

        assertThat(error.get(20, TimeUnit.SECONDS)).isEqualTo("504 ReconnectTimeout");
    }

    @Test
    void aDialWaitsForADroppedAgentToComeBack() throws Exception {
        TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent()).control().reset();
        eventually("the control connection is closed", () -> controlPlane.activeConnections() == 0);
        CompletableFuture<String> response = request("wolf-1");
        eventually(
                "the dial waits",
                () -> controlPlane
                        .json(controlPlane.admin("/api/v1/revdial/stats").build())
                        .toString()
                        .equals(
                                "{\"activeConnections\":0,\"gracePeriodEntries\":1,\"pendingDialsTotal\":1,\"pendingDialsPerKey\":1}"));

        try (var back = TestAgent.connect(
                controlPlane, "wolf-1", (self, connPath) -> respond(self.pickUp("/api/v1" + connPath), "back"))) {
            assertThat(response.get(20, TimeUnit.SECONDS)).isEqualTo("back");
            assertThat(back.commands()).contains("conn-ready");
        }
    }

    @Test
    void aDialBeyondTheHundredThatWaitIsMaxPendingDials() throws Exception {
        TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent()).control().reset();
        eventually("the control connection is closed", () -> controlPlane.activeConnections() == 0);
        for (int i = 0; i < 100; i++) {
            request("wolf-1");
        }
        eventually("100 dials wait", () -> controlPlane.metric("wolf_control_plane_pending_dials") == 100);

        assertThat(controlPlane.error(controlPlane.toWolf("wolf-1", "/x").build()))
                .isEqualTo("503 MaxPendingDials");
    }

    @Test
    void anAgentThatDoesNotPickUpIsADialTimeout() throws Exception {
        controlPlane.close();
        controlPlane = TestControlPlane.start(Duration.ofSeconds(30), SHORT);
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            assertThat(controlPlane.error(controlPlane.toWolf("wolf-1", "/x").build()))
                    .isEqualTo("504 DialTimeout");
            eventually("the agent was asked", () -> agent.commands().contains("conn-ready"));
        }
    }

    @Test
    void aLatePickupIsClosedAtOnce() throws Exception {
        controlPlane.close();
        controlPlane = TestControlPlane.start(Duration.ofSeconds(30), SHORT);
        var late = new CompletableFuture<RawWebSocket>();
        var dialOver = new CountDownLatch(1);
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            awaitUninterruptibly(dialOver);
            late.complete(self.pickUp("/api/v1" + connPath));
        })) {
            assertThat(controlPlane.error(controlPlane.toWolf("wolf-1", "/x").build()))
                    .isEqualTo("504 DialTimeout");
            dialOver.countDown();

            assertThat(late.get(20, TimeUnit.SECONDS).nextData()).isNull();
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aPickupFailedReachesTheCallerWithItsReason() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.failing("connection refused: ü\u0000"))) {
            HttpRequest request = controlPlane.toWolf("wolf-1", "/x").build();

            assertThat(controlPlane.error(request)).isEqualTo("502 PickupFailed");
            assertThat(controlPlane.json(request).path("error").path("message").asText())
                    .contains("connection refused: ü");
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void theNewerConnectionOfAnIdWinsAndGetsTheWaitingDials() throws Exception {
        try (var older = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            CompletableFuture<String> response = request("wolf-1");
            eventually("the older one was asked", () -> older.commands().contains("conn-ready"));

            try (var newer = TestAgent.connect(
                    controlPlane, "wolf-1", (self, connPath) -> respond(self.pickUp("/api/v1" + connPath), "newer"))) {
                assertThat(response.get(20, TimeUnit.SECONDS)).isEqualTo("newer");
                assertThat(older.awaitCloseCode()).isEqualTo(4001);
                assertThat(controlPlane.activeConnections()).isEqualTo(1);
                assertThat(newer.commands()).contains("conn-ready");
            }
        }
    }

    @Test
    void theOlderConnectionStaysOpenUntilItsStreamIsDone() throws Exception {
        var finish = new CountDownLatch(1);
        try (var older = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            RawWebSocket data = self.pickUp("/api/v1" + connPath);
            awaitRequest(data);
            data.send(RawWebSocket.BINARY, true, utf8("HTTP/1.0 200 OK\r\n\r\nbefore, "));
            awaitUninterruptibly(finish);
            data.send(RawWebSocket.BINARY, true, utf8("after"));
            data.close();
        })) {
            CompletableFuture<String> response = request("wolf-1");
            eventually("the stream runs", () -> controlPlane.metric("wolf_control_plane_streams_active") == 1);
            try (var newer = TestAgent.connect(
                    controlPlane, "wolf-1", (self, connPath) -> respond(self.pickUp("/api/v1" + connPath), "newer"))) {
                assertThat(request("wolf-1").get(20, TimeUnit.SECONDS)).isEqualTo("newer");
                finish.countDown();

                assertThat(response.get(20, TimeUnit.SECONDS)).isEqualTo("before, after");
                assertThat(older.awaitCloseCode()).isEqualTo(4001);
                assertThat(newer.commands()).contains("conn-ready");
            }
        }
    }

    @Test
    void aRunningStreamOutlivesItsControlConnection() throws Exception {
        var disconnected = new CountDownLatch(1);
        TestAgent agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
            RawWebSocket data = self.pickUp("/api/v1" + connPath);
            awaitRequest(data);
            awaitUninterruptibly(disconnected);
            sendResponse(data, "still here");
        });
        CompletableFuture<String> response = request("wolf-1");
        eventually("the stream runs", () -> controlPlane.metric("wolf_control_plane_streams_active") == 1);
        agent.control().reset();
        eventually("the control connection is closed", () -> controlPlane.activeConnections() == 0);
        disconnected.countDown();

        assertThat(response.get(20, TimeUnit.SECONDS)).isEqualTo("still here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]\n", "not json\n", "\n", "{\"command\":\"pickup-failed\"\n"})
    void anInvalidControlLineEndsTheConnection(String line) throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            agent.control().send(RawWebSocket.BINARY, true, utf8(line));

            assertThat(agent.awaitCloseCode()).isEqualTo(1002);
        }
    }

    @Test
    void anEndlessControlLineEndsTheConnection() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            agent.control().send(RawWebSocket.BINARY, true, utf8("{\"command\":\"" + "x".repeat(5000)));

            assertThat(agent.awaitCloseCode()).isEqualTo(1002);
        }
    }

    @Test
    void unknownCommandsAndFieldsAreIgnored() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.failing("still listening"))) {
            agent.control()
                    .send(
                            RawWebSocket.BINARY,
                            true,
                            utf8("{\"command\":\"dance\",\"steps\":[1,{}]}\r\n{}\n{\"command\":null}\n"));

            assertThat(controlPlane
                            .json(controlPlane.toWolf("wolf-1", "/x").build())
                            .toString())
                    .contains("still listening");
        }
    }

    @Test
    void aStoppingControlPlaneClosesControlConnectionsWith1001() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            controlPlane.close();

            assertThat(agent.awaitCloseCode()).isEqualTo(1001);
        }
    }

    /** Sends a request to the Wolf of that id, in the background; returns the body of the response. */
    private CompletableFuture<String> request(String runnerId) {
        HttpRequest request = controlPlane.toWolf(runnerId, "/x").build();
        return async(() -> controlPlane.send(request).body());
    }

    private static void respond(RawWebSocket data, String body) throws IOException {
        awaitRequest(data);
        sendResponse(data, body);
    }

    private static void sendResponse(RawWebSocket data, String body) throws IOException {
        data.send(RawWebSocket.BINARY, true, utf8("HTTP/1.0 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n"));
        data.send(RawWebSocket.BINARY, true, utf8(body));
        data.close();
    }

    private static void awaitRequest(RawWebSocket data) throws IOException {
        assertThat(data.nextData().text()).startsWith("GET /x HTTP/1.1\r\nHost: localhost\r\n");
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

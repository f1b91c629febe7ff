package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.RUNNER_TOKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.controlplane.store.StoreSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlPlaneIT {
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
    @ValueSource(strings = {"/livez", "/readyz"})
    void healthIsOpen(String path) throws Exception {
        var response = controlPlane.send(controlPlane.request(path).build());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("ok\n");
        assertThat(controlPlane.send(controlPlane.request(path).HEAD().build()).statusCode())
                .isEqualTo(200);
    }

    @Test
    void healthHasAPortOfItsOwnThatTellsNothingElse() throws Exception {
        try (var withPort = TestControlPlane.start(StoreSettings.inMemory("health"), "-health-listen", "127.0.0.1:0")) {
            for (String path : new String[] {"/livez", "/readyz"}) {
                assertThat(health(withPort, path).body()).isEqualTo("ok\n");
            }
            for (String path : new String[] {"/", "/metrics", "/api/v1/revdial/stats"}) {
                assertThat(health(withPort, path).statusCode()).isEqualTo(404);
            }
        }
    }

    private static HttpResponse<String> health(TestControlPlane controlPlane, String path) throws Exception {
        return controlPlane.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPlane.healthPort() + path))
                        .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/api/v1/revdial/stats", "/api/v1/wolf-instances/wolf-1/proxy/"})
    void everythingElseWantsTheAdminToken(String path) throws Exception {
        var without = controlPlane.send(controlPlane.request(path).build());

        assertThat(without.statusCode()).isEqualTo(401);
        assertThat(without.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(without.body()).startsWith("{\"error\":{").contains("\"code\":\"Unauthorized\"");
        assertThat(controlPlane.error(controlPlane
                        .request(path)
                        .header("Authorization", "Bearer " + RUNNER_TOKEN)
                        .build()))
                .isEqualTo("401 Unauthorized");
    }

    @Test
    void statsAreFourNumbers() throws Exception {
        String none =
                "{\"activeConnections\":0,\"gracePeriodEntries\":0,\"pendingDialsTotal\":0,\"pendingDialsPerKey\":0}";
        assertThat(controlPlane
                        .send(controlPlane.admin("/api/v1/revdial/stats").build())
                        .body())
                .isEqualToIgnoringNewLines(none);
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            assertThat(controlPlane.activeConnections()).isEqualTo(1);
            assertThat(controlPlane.metric("wolf_control_plane_connected_agents"))
                    .isEqualTo(1);
            assertThat(agent.commands()).containsExactly("keep-alive");
        }
    }

    @Test
    void metricsCountDialsStreamsAndBytes() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (its, connPath) -> {
            RawWebSocket data = its.pickUp("/api/v1" + connPath);
            data.nextData();
            data.send(RawWebSocket.BINARY, true, "HTTP/1.0 204 x\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            data.close();
        })) {
            assertThat(controlPlane
                            .send(controlPlane
                                    .admin("/api/v1/wolf-instances/wolf-1/proxy/")
                                    .build())
                            .statusCode())
                    .isEqualTo(204);

            assertThat(controlPlane.metric("wolf_control_plane_dials_total{result=\"Ok\"}"))
                    .isEqualTo(1);
            assertThat(controlPlane.metric("wolf_control_plane_dial_seconds_count"))
                    .isEqualTo(1);
            assertThat(controlPlane.metric("wolf_control_plane_streams_total")).isEqualTo(1);
            assertThat(controlPlane.metric("wolf_control_plane_grace_entries")).isZero();
            assertThat(controlPlane.metric("wolf_control_plane_bytes_total{direction=\"from_wolf\"}"))
                    .isEqualTo(18);
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void anUnknownPathIsNotFound() throws Exception {
        for (String path : new String[] {"/nothing", "/api/v1/revdial/", "/livez/", "//livez", "/%6Civez"}) {
            assertThat(controlPlane.error(controlPlane.admin(path).build())).isEqualTo("404 NotFound");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/livez,'GET, HEAD, OPTIONS'",
        "/readyz,'GET, HEAD, OPTIONS'",
        "/metrics,'GET, HEAD, OPTIONS'",
        "/api/v1/revdial,'GET, OPTIONS'",
        "/revdial,'GET, OPTIONS'",
        "/api/v1/revdial/stats,'GET, HEAD, OPTIONS'",
    })
    void anotherMethodIsRefusedAndThePossibleOnesAreNamed(String path, String allow) throws Exception {
        var posted = controlPlane.send(
                controlPlane.admin(path).POST(BodyPublishers.noBody()).build());
        var options = controlPlane.send(controlPlane
                .admin(path)
                .method("OPTIONS", BodyPublishers.noBody())
                .build());

        assertThat(posted.statusCode()).isEqualTo(405);
        assertThat(posted.body()).contains("\"code\":\"MethodNotAllowed\"");
        assertThat(posted.headers().firstValue("Allow")).contains(allow);
        assertThat(options.statusCode()).isEqualTo(204);
        assertThat(options.headers().firstValue("Allow")).contains(allow);
    }

    @Test
    void aWrongMethodIsToldOnlyWithAToken() throws Exception {
        for (String path : new String[] {"/metrics", "/api/v1/revdial/stats", "/api/v1/wolf-instances/wolf-1"}) {
            for (String method : new String[] {"POST", "OPTIONS"}) {
                assertThat(controlPlane.error(controlPlane
                                .request(path)
                                .method(method, BodyPublishers.noBody())
                                .build()))
                        .isEqualTo("401 Unauthorized");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/wolf-1", "/wolf-1/", "/wolf-1/proxyx", "//proxy/x", "/wolf-1/heartbeats"})
    void anUnknownPathBelowTheInstancesIsNotFound(String path) throws Exception {
        assertThat(controlPlane.error(
                        controlPlane.admin("/api/v1/wolf-instances" + path).build()))
                .isEqualTo("404 NotFound");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rubbish\r\n\r\n",
                "GET /livez HTTP/1.1\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            })
    void whatIsNoProperRequestGetsAnErrorInJsonToo(String request) throws Exception {
        try (Socket caller = controlPlane.connect()) {
            caller.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            caller.shutdownOutput();

            assertThat(new String(caller.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 4")
                    .contains("{\"error\":{");
        }
    }

    @Test
    void aTakenPortIsSaid() throws Exception {
        try (var taken = new ServerSocket(0)) {
            var address = new InetSocketAddress("127.0.0.1", taken.getLocalPort());
            var free = new InetSocketAddress("127.0.0.1", 0);

            assertThatThrownBy(() -> ControlPlane.start(settings(address, List.of())))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("Address already in use");
            assertThatThrownBy(() -> ControlPlane.start(settings(free, List.of(new Forward(address, "wolf-1")))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on");
        }
    }

    private static ControlPlaneSettings settings(InetSocketAddress listen, List<Forward> forwards) {
        return TestControlPlane.settings(listen, forwards, Duration.ofSeconds(30), Duration.ofSeconds(30));
    }
}

package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ForwardIT {
    private TestControlPlane controlPlane;

    @BeforeEach
    void start() throws IOException {
        controlPlane = TestControlPlane.start(Duration.ofSeconds(30), Duration.ofSeconds(30), "wolf-1");
    }

    @AfterEach
    void close() {
        controlPlane.close();
    }

    @Test
    void aConnectionToThePortReachesTheLocalApi() throws Exception {
        try (var wolf = FakeWolf.onLoopback().start();
                var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()));
                var caller = new Socket("127.0.0.1", controlPlane.forwardPort())) {
            caller.getOutputStream()
                    .write("GET /testkit/screenshot?bytes=3000000&seed=1 HTTP/1.0\r\n\r\n"
                            .getBytes(StandardCharsets.UTF_8));

            byte[] all = caller.getInputStream().readAllBytes();

            assertThat(all).endsWith(TestEndpoints.noise(3_000_000, 1));
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void everyByteBeforeACallersHalfCloseArrivesAndThenBothSidesAreClosed() throws Exception {
        byte[] noise = TestEndpoints.noise(3_000_000, 2);
        var received = new CompletableFuture<byte[]>();
        try (var sink = new ServerSocket(0);
                var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(sink.getLocalPort()));
                var caller = new Socket("127.0.0.1", controlPlane.forwardPort())) {
            Thread.ofVirtual().start(() -> {
                try (Socket local = sink.accept()) {
                    received.complete(local.getInputStream().readAllBytes());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            caller.getOutputStream().write(noise);
            caller.shutdownOutput();

            assertThat(caller.getInputStream().read()).isEqualTo(-1);
            assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo(noise);
            assertThat(agent.commands()).contains("conn-ready");
        }
        eventually("no stream is left", () -> controlPlane.metric("wolf_control_plane_streams_active") == 0);
        assertThat(controlPlane.metric("wolf_control_plane_bytes_total{direction=\"to_wolf\"}"))
                .isEqualTo(noise.length);
    }

    @Test
    void aCallerThatReadsNothingStopsTheSender() throws Exception {
        try (var agent = TestAgent.connect(controlPlane, "wolf-1", (self, connPath) -> {
                    RawWebSocket data = self.pickUp("/api/v1" + connPath);
                    for (int i = 0; i < 1024; i++) {
                        data.send(RawWebSocket.BINARY, true, TestEndpoints.noise(64 * 1024, i));
                    }
                    data.closeAndReadToEnd();
                });
                var caller = new Socket("127.0.0.1", controlPlane.forwardPort())) {
            String sent = "wolf_control_plane_bytes_total{direction=\"from_wolf\"}";
            eventually("bytes arrive", () -> controlPlane.metric(sent) > 0);
            double before;
            do {
                before = controlPlane.metric(sent);
                // Round trips on another connection give the stream time to go on, if it can.
                for (int i = 0; i < 50; i++) {
                    controlPlane.activeConnections();
                }
            } while (controlPlane.metric(sent) > before);
            assertThat(before).isLessThan(32 * 1024 * 1024);

            for (int i = 0; i < 1024; i++) {
                assertThat(caller.getInputStream().readNBytes(64 * 1024)).isEqualTo(TestEndpoints.noise(64 * 1024, i));
            }
            assertThat(caller.getInputStream().read()).isEqualTo(-1);
            assertThat(agent.commands()).contains("conn-ready");
        }
    }

    @Test
    void aDialThatFailsClosesTheCallersConnection() throws Exception {
        try (var caller = new Socket("127.0.0.1", controlPlane.forwardPort())) {
            assertThat(caller.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(controlPlane.metric("wolf_control_plane_dials_total{result=\"NoConnection\"}"))
                .isEqualTo(1);
    }

    @Test
    void aStoppingControlPlaneCutsRunningStreams() throws Exception {
        try (var sink = new ServerSocket(0);
                var agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(sink.getLocalPort()));
                var caller = new Socket("127.0.0.1", controlPlane.forwardPort());
                var local = sink.accept()) {
            eventually("the stream runs", () -> controlPlane.metric("wolf_control_plane_streams_active") == 1);
            controlPlane.close();

            assertThat(caller.getInputStream().read()).isEqualTo(-1);
            assertThat(local.getInputStream().read()).isEqualTo(-1);
            assertThat(agent.awaitCloseCode()).isEqualTo(1001);
        }
    }
}

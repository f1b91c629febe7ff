package ml.helix.wolf.controlplane.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.auth.Refusals;
import ml.helix.wolf.controlplane.auth.RunnerAccess;
import ml.helix.wolf.controlplane.auth.TokenSource;
import ml.helix.wolf.controlplane.http.AccessRule;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.http.Router;
import ml.helix.wolf.controlplane.http.WebServer;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.Timers;
import org.junit.jupiter.api.Test;

class RevDialHandlerIT {
    private final CompletableFuture<String> join = new CompletableFuture<>();

    @Test
    void aPickupForAnotherReplicaIsJoined() throws Exception {
        assertThat(outcomeOf("")).isEqualTo("accepted");
    }

    @Test
    void aPickupWhoseUpgradeBreaksOffIsGivenUp() throws Exception {
        assertThat(outcomeOf("Content-Length: 5\r\n")).isEqualTo("given up");
    }

    /** How the join of a pickup with one more header ends. */
    private String outcomeOf(String header) throws Exception {
        try (ScheduledExecutorService timers = Timers.daemon("test");
                WebServer server = server(timers);
                Socket agent = new Socket("127.0.0.1", server.port())) {
            agent.getOutputStream()
                    .write(("GET /api/v1/revdial?revdial.dialer=ab&revdial.req=1 HTTP/1.1\r\nHost: x\r\n"
                                    + "Authorization: Bearer runner-token-of-the-tests\r\nUpgrade: websocket\r\n"
                                    + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + header + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return join.get(20, TimeUnit.SECONDS);
        }
    }

    private WebServer server(ScheduledExecutorService timers) throws IOException {
        var admins = new AdminAccess(TokenSource.Fixed.of("admin-token-of-the-tests"), System::nanoTime);
        var runners = new RunnerAccess(
                TokenSource.Fixed.of("runner-token-of-the-tests"),
                admins,
                new Refusals(new PrometheusRegistry()),
                System::nanoTime);
        var connections =
                new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, System::nanoTime);
        var handler = new RevDialHandler(
                runners,
                connections,
                DialerIds.random(),
                (dialer, request) -> new Join(),
                Optional.empty(),
                timers,
                System::nanoTime);
        var server = new WebServer(
                new InetSocketAddress("127.0.0.1", 0),
                Optional.empty(),
                fields -> true,
                new Router(List.of(Route.upgrade("/api/v1/revdial", AccessRule.OPEN, handler))));
        server.start();
        return server;
    }

    private final class Join implements OtherReplicas.Join {
        @Override
        public String runnerId() {
            return "wolf-1";
        }

        @Override
        public void accept(ByteStream data) {
            join.complete("accepted");
            data.close();
        }

        @Override
        public void giveUp() {
            join.complete("given up");
        }
    }
}

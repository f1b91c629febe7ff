package ml.helix.wolf.agent.control;

import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.revdial.Timers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WebSocketControlConnectionIT {

    @Test
    void closeInOnUpSendsACloseFrame() throws Exception {
        try (var server = ScriptedServer.plain();
                ScheduledExecutorService timers = Timers.daemon("test-timers")) {
            WebSocketControlConnection connection = to(server, timers);
            CompletableFuture<Void> over = serve(connection, connection::close);

            try (ScriptedConnection control = server.next().upgrade()) {
                ScriptedConnection.Frame close = control.next();

                assertThat(close.opcode()).isEqualTo(8);
                assertThat(close.payload()).containsExactly(1001 >> 8, (byte) 1001);
                control.closeFrame(1001).fin();
            }
            assertThat(over).succeedsWithin(20, TimeUnit.SECONDS);
        }
    }

    private static WebSocketControlConnection to(ScriptedServer server, ScheduledExecutorService timers) {
        var connector = new Connector(
                ControlPlaneUrl.parse("http://127.0.0.1:" + server.port()),
                Optional.empty(),
                new Tls(Trust.of(Optional.empty(), false)),
                new Resolver());
        return new WebSocketControlConnection(connector, "wolf-gpu-1", Secret.of("a-token"), path -> null, timers);
    }

    private static CompletableFuture<Void> serve(WebSocketControlConnection connection, Runnable onUp) {
        return async(() -> {
            connection.serve(onUp, () -> {});
            return null;
        });
    }
}

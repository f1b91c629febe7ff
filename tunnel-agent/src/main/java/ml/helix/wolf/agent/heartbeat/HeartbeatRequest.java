package ml.helix.wolf.agent.heartbeat;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Version;

/**
 * Sends a heartbeat, on a connection of its own: servers close an idle one before the next heartbeat, and a control plane with
 * thousands of agents would hold one more connection for each. Thread-safe.
 */
final class HeartbeatRequest implements Heartbeats.Sender {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    private final Connector connector;
    private final String runnerId;
    private final ScheduledExecutorService timers;

    HeartbeatRequest(Connector connector, String runnerId, ScheduledExecutorService timers) {
        this.connector = connector;
        this.runnerId = runnerId;
        this.timers = timers;
    }

    @Override
    public int send(Secret token, byte[] document) throws IOException {
        var deadline = Deadline.in(TIMEOUT, timers);
        Wire wire = connector.connect(deadline);
        try (var _ = deadline.guard(wire::cut)) {
            wire.output().write(request(token, document));
            wire.output().flush();
            int status = ResponseHead.read(new BufferedSource(wire.input()::read, 1024))
                    .status();
            wire.end();
            return status;
        } catch (ProtocolException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    deadline.hasPassed()
                            ? "no answer within " + TIMEOUT.toSeconds() + " s"
                            : "the connection broke: " + e.getMessage(),
                    e);
        } finally {
            wire.cut();
        }
    }

    private byte[] request(Secret token, byte[] document) {
        byte[] head = """
                POST %s HTTP/1.1
                Host: %s
                Authorization: Bearer %s
                User-Agent: wolf-tunnel-agent/%s
                Content-Type: application/json
                Content-Length: %d
                Connection: close

                """.formatted(
                        connector.url().heartbeatTarget(runnerId),
                        connector.url().authority(),
                        token.reveal(),
                        Version.text(),
                        document.length)
                .replace("\n", "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] request = new byte[head.length + document.length];
        System.arraycopy(head, 0, request, 0, head.length);
        System.arraycopy(document, 0, request, head.length, document.length);
        return request;
    }
}

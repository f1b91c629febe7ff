package ml.helix.wolf.agent.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Hop;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.agent.websocket.Upgrade;
import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.program.Secret;

/** Checks each hop on the way to one control plane, up to the first that fails. Used once, by one thread. */
final class ControlPlaneChecks {
    private static final Duration REMOTE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration FIRST_LINE_TIMEOUT = Duration.ofSeconds(5);

    private final Connector connector;
    private final TokenSource tokens;
    private final String runnerId;
    private final ScheduledExecutorService timers;
    private final Map<Hop, Check> checks = new EnumMap<>(Hop.class);

    /** @param runnerId the doctor's own */
    ControlPlaneChecks(Connector connector, TokenSource tokens, String runnerId, ScheduledExecutorService timers) {
        this.connector = connector;
        this.tokens = tokens;
        this.runnerId = runnerId;
        this.timers = timers;
    }

    /** Takes at most 35 s. */
    List<Check> run() {
        if (connector.proxy().isEmpty()) {
            skip(Hop.PROXY, "no proxy is set");
        }
        if (!connector.url().secure()) {
            skip(Hop.TLS, "not used: " + connector.url() + " is plain, anybody on the way can read the token");
        }
        try {
            var deadline = Deadline.in(REMOTE_TIMEOUT, timers);
            Wire wire = connector.connect(deadline, (hop, detail) -> pass(hop, detail.get()));
            try (var _ = deadline.guard(wire::cut)) {
                checkUpgrade(wire);
            } finally {
                wire.cut();
            }
        } catch (TunnelException e) {
            failRemote(hop(e.reason()), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            failRemote(Hop.UPGRADE, "the connection broke: " + e.getMessage());
        }
        return List.copyOf(checks.values());
    }

    private void checkUpgrade(Wire wire) throws IOException {
        Secret token = tokens.read().secret();
        WebSocketStream stream = new Upgrade(
                        connector.url().authority(), connector.url().controlTarget(runnerId), token)
                .perform(wire, timers, System::nanoTime);
        pass(Hop.TOKEN, "accepted");
        byte[] line = new byte[4096];
        try (var _ = Deadline.in(FIRST_LINE_TIMEOUT, timers).guard(wire::cut)) {
            int length = stream.read(line, 0, line.length);
            String text = new String(line, 0, Math.max(length, 0), StandardCharsets.UTF_8);
            if (!text.startsWith("{")) {
                throw new TunnelException(
                        FailureReason.PROTOCOL_ERROR, "a WebSocket, but it speaks no RevDial; check the URL's path");
            }
            pass(Hop.UPGRADE, "as " + runnerId + ", the control plane speaks RevDial");
        } finally {
            stream.close();
            awaitClosed(stream);
        }
    }

    private static void awaitClosed(WebSocketStream stream) {
        try {
            stream.awaitClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Hop hop(FailureReason reason) {
        return switch (reason) {
            case DNS_FAILURE -> Hop.NAME;
            case CONNECT_FAILURE -> Hop.CONNECT;
            case PROXY_FAILURE -> Hop.PROXY;
            case TLS_FAILURE -> Hop.TLS;
            case UNAUTHORIZED, FORBIDDEN -> Hop.TOKEN;
            case NOT_FOUND,
                    SERVER_ERROR,
                    HANDSHAKE_TIMEOUT,
                    KEEP_ALIVE_TIMEOUT,
                    CONNECTION_LOST,
                    PROTOCOL_ERROR,
                    DISPLACED -> Hop.UPGRADE;
        };
    }

    private void pass(Hop hop, String detail) {
        checks.put(hop, new Check(hop, Check.Outcome.OK, detail));
    }

    private void skip(Hop hop, String why) {
        checks.put(hop, new Check(hop, Check.Outcome.SKIPPED, why));
    }

    /** Fails the hop, or the first unchecked one if it has been checked, and skips the unchecked ones after it. */
    private void failRemote(Hop hop, String why) {
        Set<Hop> unchecked = EnumSet.range(Hop.NAME, Hop.UPGRADE);
        unchecked.removeAll(checks.keySet());
        Hop failed = unchecked.contains(hop) ? hop : unchecked.iterator().next();
        unchecked.remove(failed);
        checks.put(failed, new Check(failed, Check.Outcome.FAILED, why));
        unchecked.forEach(rest -> skip(rest, "not reached"));
    }
}

package ml.helix.wolf.agent.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Hop;
import ml.helix.wolf.agent.transport.Proxy;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.agent.websocket.Upgrade;
import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.program.RunnerId;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Timers;

/**
 * Checks each hop between the control plane and Wolf, with the agent's own code, up to the first that fails. It connects
 * as {@code doctor-{id}}: with the agent's own id it would displace the running agent, and Helix registers each id that
 * begins with {@code hydra-} or {@code sandbox-} as a host.
 */
public final class Doctor {
    private static final Duration REMOTE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration FIRST_LINE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration LOCAL_TIMEOUT = Duration.ofSeconds(5);

    private final ControlPlaneUrl url;
    private final Optional<Proxy> proxy;
    private final Trust trust;
    private final TokenSource tokens;
    private final String runnerId;
    private final WolfAddress local;
    private final Map<Hop, Check> checks = new EnumMap<>(Hop.class);

    /** @param runnerId the agent's */
    public Doctor(
            ControlPlaneUrl url,
            Optional<Proxy> proxy,
            Trust trust,
            TokenSource tokens,
            String runnerId,
            WolfAddress local) {
        this.url = url;
        this.proxy = proxy;
        this.trust = trust;
        this.tokens = tokens;
        this.runnerId = RunnerId.DOCTOR + runnerId;
        this.local = local;
    }

    /** Takes at most 40 s. Called once. */
    public Diagnosis examine() {
        try (ScheduledExecutorService timers = Timers.daemon("doctor-timers")) {
            var resolver = new Resolver();
            checkRemote(new Connector(url, proxy, new Tls(trust), resolver), timers);
            checkLocal(new WolfDialer(local, resolver, timers), timers);
            timers.shutdownNow();
        }
        return new Diagnosis(List.copyOf(checks.values()));
    }

    private void checkRemote(Connector connector, ScheduledExecutorService timers) {
        if (proxy.isEmpty()) {
            skip(Hop.PROXY, "no proxy is set");
        }
        if (!url.secure()) {
            skip(Hop.TLS, "not used: " + url + " is plain, anybody on the way can read the token");
        }
        try {
            var deadline = Deadline.in(REMOTE_TIMEOUT, timers);
            Wire wire = connector.connect(deadline, (hop, detail) -> pass(hop, detail.get()));
            try (var _ = deadline.guard(wire::cut)) {
                checkUpgrade(wire, timers);
            } finally {
                wire.cut();
            }
        } catch (TunnelException e) {
            failRemote(hop(e.reason()), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            failRemote(Hop.UPGRADE, "the connection broke: " + e.getMessage());
        }
    }

    private void checkUpgrade(Wire wire, ScheduledExecutorService timers) throws IOException {
        Secret token = tokens.read().secret();
        WebSocketStream stream = new Upgrade(url.authority(), url.controlTarget(runnerId), token)
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

    private void checkLocal(WolfDialer wolf, ScheduledExecutorService timers) {
        try {
            ByteStream stream = wolf.dial();
            try (stream;
                    var _ = Deadline.in(LOCAL_TIMEOUT, timers).guard(stream::close)) {
                byte[] request =
                        "GET /api/v1/apps HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                stream.write(request, 0, request.length);
                byte[] answer = new byte[64];
                int length = stream.read(answer, 0, answer.length);
                String text = new String(answer, 0, Math.max(length, 0), StandardCharsets.ISO_8859_1);
                if (text.startsWith("HTTP/1.")) {
                    pass(Hop.LOCAL, "Wolf's API answers at " + local);
                } else {
                    fail(Hop.LOCAL, "what listens at " + local + " speaks no HTTP; is it Wolf?");
                }
            }
        } catch (WolfUnreachableException e) {
            fail(Hop.LOCAL, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            fail(Hop.LOCAL, "Wolf's API at " + local + " takes connections and does not answer; is it stuck?");
        }
    }

    private void pass(Hop hop, String detail) {
        checks.put(hop, new Check(hop, Check.Outcome.OK, detail));
    }

    private void skip(Hop hop, String why) {
        checks.put(hop, new Check(hop, Check.Outcome.SKIPPED, why));
    }

    private void fail(Hop hop, String why) {
        checks.put(hop, new Check(hop, Check.Outcome.FAILED, why));
    }

    /** Fails the hop, or the first unchecked one if it has been checked, and skips the unchecked ones after it. */
    private void failRemote(Hop hop, String why) {
        Set<Hop> unchecked = EnumSet.range(Hop.NAME, Hop.UPGRADE);
        unchecked.removeAll(checks.keySet());
        Hop failed = unchecked.contains(hop) ? hop : unchecked.iterator().next();
        unchecked.remove(failed);
        fail(failed, why);
        unchecked.forEach(rest -> skip(rest, "not reached"));
    }
}

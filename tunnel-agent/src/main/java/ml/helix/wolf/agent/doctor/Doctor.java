package ml.helix.wolf.agent.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.control.ControlConnection;
import ml.helix.wolf.agent.control.TokenSource;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Deadline;
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
 * Walks the agent's way with the agent's own code, and stops where it ends. It connects as {@code doctor-{id}}: the same
 * id again would displace the agent that runs, and Helix registers each id that begins with {@code hydra-} or {@code
 * sandbox-} as a host.
 */
public final class Doctor {
    private static final List<String> ORDER = List.of("name", "connect", "proxy", "tls", "token", "upgrade", "local");
    private static final Duration REMOTE = Duration.ofSeconds(30);
    private static final Duration FIRST_LINE = Duration.ofSeconds(5);
    private static final Duration LOCAL = Duration.ofSeconds(5);

    private final ControlPlaneUrl url;
    private final Optional<Proxy> proxy;
    private final Trust trust;
    private final TokenSource tokens;
    private final String runnerId;
    private final WolfAddress local;
    private final List<Check> checks = new ArrayList<>();

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

    /** Takes 40 s at most. For one call. */
    public Diagnosis examine() {
        try (ScheduledExecutorService timers = Timers.daemon("doctor-timers")) {
            var resolver = new Resolver();
            remote(new Connector(url, proxy, new Tls(trust), resolver), timers);
            local(new WolfDialer(local, resolver, timers), timers);
            timers.shutdownNow();
        }
        checks.sort(Comparator.comparingInt(check -> ORDER.indexOf(check.hop())));
        return new Diagnosis(checks);
    }

    private void remote(Connector connector, ScheduledExecutorService timers) {
        List<String> ahead = new ArrayList<>(ORDER.subList(0, ORDER.size() - 1));
        if (proxy.isEmpty()) {
            skip(ahead, "proxy", "none to pass");
        }
        if (!url.secure()) {
            skip(ahead, "tls", "not used: " + url + " is plain, anybody on the way can read the token");
        }
        try {
            var deadline = Deadline.in(REMOTE, timers);
            Wire wire = connector.connect(deadline, (hop, detail) -> pass(ahead, hop.word(), detail.get()));
            try (var _ = deadline.guard(wire::cut)) {
                upgrade(wire, connector.url(), ahead, timers);
            } finally {
                wire.cut();
            }
        } catch (TunnelException e) {
            fail(ahead, hop(e.reason(), ahead), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            fail(ahead, "upgrade", "the connection broke: " + e.getMessage());
        }
    }

    private void upgrade(Wire wire, ControlPlaneUrl to, List<String> ahead, ScheduledExecutorService timers)
            throws IOException {
        Secret token = tokens.read().secret();
        WebSocketStream stream = new Upgrade(to.authority(), ControlConnection.target(to.path(), runnerId), token)
                .over(wire, timers, System::nanoTime);
        pass(ahead, "token", "accepted");
        byte[] line = new byte[4096];
        try (var _ = Deadline.in(FIRST_LINE, timers).guard(wire::cut)) {
            int length = stream.read(line, 0, line.length);
            String said = new String(line, 0, Math.max(length, 0), StandardCharsets.UTF_8);
            if (!said.startsWith("{")) {
                throw new TunnelException(
                        FailureReason.PROTOCOL_ERROR, "a WebSocket, but it speaks no RevDial; check the URL's path");
            }
            pass(ahead, "upgrade", "as " + runnerId + ", the control plane speaks RevDial");
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

    private static String hop(FailureReason reason, List<String> ahead) {
        String hop =
                switch (reason) {
                    case DNS_FAILURE -> "name";
                    case CONNECT_FAILURE -> "connect";
                    case PROXY_FAILURE -> "proxy";
                    case TLS_FAILURE -> "tls";
                    case UNAUTHORIZED, FORBIDDEN -> "token";
                    case NOT_FOUND,
                            SERVER_ERROR,
                            HANDSHAKE_TIMEOUT,
                            KEEP_ALIVE_TIMEOUT,
                            CONNECTION_LOST,
                            PROTOCOL_ERROR,
                            DISPLACED -> "upgrade";
                };
        return ahead.contains(hop) ? hop : ahead.getFirst();
    }

    private void local(WolfDialer wolf, ScheduledExecutorService timers) {
        try {
            ByteStream stream = wolf.dial();
            try (stream;
                    var _ = Deadline.in(LOCAL, timers).guard(stream::close)) {
                byte[] request =
                        "GET /api/v1/apps HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                stream.write(request, 0, request.length);
                byte[] answer = new byte[64];
                int length = stream.read(answer, 0, answer.length);
                String said = new String(answer, 0, Math.max(length, 0), StandardCharsets.ISO_8859_1);
                if (said.startsWith("HTTP/1.")) {
                    add("local", Check.Outcome.OK, "Wolf's API answers at " + local);
                } else {
                    add("local", Check.Outcome.FAILED, "what listens at " + local + " speaks no HTTP; is it Wolf?");
                }
            }
        } catch (WolfUnreachableException e) {
            add("local", Check.Outcome.FAILED, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            add(
                    "local",
                    Check.Outcome.FAILED,
                    "Wolf's API at " + local + " takes connections and does not answer; is it stuck?");
        }
    }

    private void pass(List<String> ahead, String hop, String detail) {
        ahead.remove(hop);
        add(hop, Check.Outcome.OK, detail);
    }

    private void skip(List<String> ahead, String hop, String why) {
        ahead.remove(hop);
        add(hop, Check.Outcome.SKIPPED, why);
    }

    private void fail(List<String> ahead, String hop, String why) {
        ahead.remove(hop);
        add(hop, Check.Outcome.FAILED, why);
        ahead.forEach(rest -> add(rest, Check.Outcome.SKIPPED, "not reached"));
    }

    private void add(String hop, Check.Outcome outcome, String detail) {
        checks.add(new Check(hop, outcome, detail));
    }
}

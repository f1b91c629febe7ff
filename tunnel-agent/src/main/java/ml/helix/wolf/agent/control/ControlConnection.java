package ml.helix.wolf.agent.control;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.Refusal;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.revdial.ControlEnd;
import ml.helix.wolf.revdial.ControlSender;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.Listener;
import ml.helix.wolf.revdial.Pickup;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.CloseFrame;
import org.jspecify.annotations.Nullable;

/** A control connection over the {@link Connector}'s wire. */
public final class ControlConnection implements Link {
    private static final Duration HANDSHAKE = Duration.ofSeconds(30);
    private static final Duration PING = Duration.ofSeconds(15);
    /** The same on all control connections of this process: they are no other agent's. */
    private static final String INSTANCE = instance();

    /** How a control plane closes a connection whose id another one has taken: no code of RFC 6455's own. */
    private static final int REPLACED = 4001;

    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private static final String FLOOD = "the control plane sent " + FrameBudget.EXCEEDED;

    private final Connector connector;
    private final String runnerId;
    private final Secret token;
    private final Pickup pickup;
    private final ScheduledExecutorService timers;
    private final AtomicReference<@Nullable ControlEnd> ourEnd = new AtomicReference<>();

    private volatile boolean draining;
    private volatile @Nullable Listener listener;
    private volatile @Nullable Wire wire;

    public ControlConnection(
            Connector connector, String runnerId, Secret token, Pickup pickup, ScheduledExecutorService timers) {
        this.connector = connector;
        this.runnerId = runnerId;
        this.token = token;
        this.pickup = pickup;
        this.timers = timers;
    }

    private static String instance() {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** The request target of a control connection below a URL's path prefix. */
    public static String target(String prefix, String runnerId) {
        return prefix + "/api/v1/revdial?runnerid=" + URLEncoder.encode(runnerId, StandardCharsets.UTF_8);
    }

    @Override
    public void serve(Runnable up) throws TunnelException {
        connector.refresh();
        var deadline = Deadline.in(HANDSHAKE, timers);
        Wire connected = connector.connect(deadline);
        wire = connected;
        try {
            if (ourEnd.get() == null) {
                serve(connected, deadline, up);
            }
        } catch (TunnelException e) {
            throw e;
        } catch (IOException e) {
            throw new TunnelException(FailureReason.CONNECTION_LOST, "the control connection broke", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TunnelException(FailureReason.CONNECTION_LOST, "the agent was interrupted", e);
        } finally {
            connected.cut();
        }
    }

    private void serve(Wire connected, Deadline deadline, Runnable up) throws IOException, InterruptedException {
        var budget = new FrameBudget(System::nanoTime);
        var draft = new ControlDraft(budget);
        var socket = new ControlSocket(connected);
        Session session;
        try (var guard = deadline.guard(connected::cut)) {
            session = new Session(socket, draft, budget, () -> {
                guard.cancel();
                up.run();
            });
            session.run();
        }
        socket.awaitClosed(FAREWELL.toMillis());
        ControlEnd ours = ourEnd.get();
        if (ours == null) {
            throw ended(session.client.end(), draft, session.up, deadline);
        } else if (ours.cause() != ControlEnd.Cause.CLOSED) {
            throw ended(ours);
        }
    }

    @Override
    public void drain() {
        draining = true;
        Listener current = listener;
        if (current != null) {
            current.drain();
        }
    }

    /** Sends a close frame (1001). */
    @Override
    public void close() {
        ourEnd.compareAndSet(null, new ControlEnd(ControlEnd.Cause.CLOSED, "the agent closes it"));
        Listener current = listener;
        Wire connecting = wire;
        if (current != null) {
            current.close();
        } else if (connecting != null) {
            connecting.cut();
        }
    }

    private static TunnelException ended(ControlEnd ours) {
        return new TunnelException(
                ours.cause() == ControlEnd.Cause.KEEP_ALIVE_TIMEOUT
                        ? FailureReason.KEEP_ALIVE_TIMEOUT
                        : FailureReason.PROTOCOL_ERROR,
                ours.message());
    }

    private TunnelException ended(ControlClient.End end, ControlDraft draft, boolean wasUp, Deadline deadline) {
        if (wasUp && end.remote() && end.code() == REPLACED) {
            return new TunnelException(
                    FailureReason.DISPLACED,
                    "another agent connected as " + runnerId + " and took this one's place:"
                            + " give each agent an id of its own");
        }
        if (wasUp && !end.remote() && end.code() == CloseFrame.POLICY_VALIDATION) {
            return new TunnelException(FailureReason.PROTOCOL_ERROR, FLOOD);
        }
        if (wasUp) {
            return end.remote()
                    ? new TunnelException(
                            FailureReason.CONNECTION_LOST,
                            end.code() == CloseFrame.ABNORMAL_CLOSE
                                    ? "the control connection ended without a goodbye"
                                    : "the control plane closed the connection with code " + end.code())
                    : new TunnelException(
                            FailureReason.PROTOCOL_ERROR,
                            "the control plane broke the WebSocket protocol (close code " + end.code() + ")");
        }
        var answer = draft.answer();
        if (answer.isPresent() && answer.get().status() != 101) {
            return Refusal.of(answer.get(), "the control plane", Instant.now());
        }
        if (end.code() != CloseFrame.NEVER_CONNECTED) {
            return new TunnelException(
                    FailureReason.PROTOCOL_ERROR, "what answers at the control plane's address speaks no WebSocket");
        }
        return deadline.over()
                ? new TunnelException(
                        FailureReason.HANDSHAKE_TIMEOUT,
                        "the control plane did not answer the upgrade within " + HANDSHAKE.toSeconds() + " s")
                : new TunnelException(
                        FailureReason.CONNECTION_LOST, "the control plane closed the connection without an answer");
    }

    /** The library's client and revdial's listener, joined. */
    private final class Session implements ControlSender {
        private final ControlClient client;
        private volatile boolean up;

        Session(ControlSocket socket, ControlDraft draft, FrameBudget budget, Runnable onUp) {
            client = new ControlClient(
                    socket,
                    target(connector.url().path(), runnerId),
                    Map.of(
                            "Host",
                            connector.url().authority(),
                            "Authorization",
                            "Bearer " + token.reveal(),
                            "User-Agent",
                            "wolf-tunnel-agent/" + Version.text(),
                            "Wolf-Agent-Instance",
                            INSTANCE),
                    draft,
                    () -> opened(onUp),
                    bytes -> {
                        Listener current = listener;
                        if (current != null && !budget.takeLines(current.receive(bytes))) {
                            close(new ControlEnd(ControlEnd.Cause.FLOOD, FLOOD));
                        }
                    });
        }

        /** Tells of it last: whoever hears that the connection is up may drain or close it. */
        private void opened(Runnable onUp) {
            up = true;
            var fresh = new Listener(this, pickup, timers, System::nanoTime);
            listener = fresh;
            if (draining) {
                fresh.drain();
            }
            if (ourEnd.get() != null) {
                fresh.close();
            }
            onUp.run();
        }

        void run() {
            ScheduledFuture<?> pings =
                    timers.scheduleAtFixedRate(this::ping, PING.toMillis(), PING.toMillis(), TimeUnit.MILLISECONDS);
            try {
                client.run();
            } finally {
                pings.cancel(false);
                Listener current = listener;
                if (current != null) {
                    current.close();
                }
            }
        }

        private void ping() {
            try {
                if (client.isOpen() && !client.clogged()) {
                    client.sendPing();
                }
            } catch (WebsocketNotConnectedException e) {
                // it ended in between
            }
        }

        @Override
        public void send(byte[] line) throws IOException {
            if (client.clogged()) {
                close(new ControlEnd(ControlEnd.Cause.KEEP_ALIVE_TIMEOUT, "the control plane takes no bytes"));
            }
            try {
                client.send(line);
            } catch (WebsocketNotConnectedException e) {
                throw new IOException("the control connection is closed", e);
            }
        }

        @Override
        public void close(ControlEnd end) {
            if (client.isClosed()) {
                return;
            }
            ourEnd.compareAndSet(null, end);
            client.close(
                    switch (end.cause()) {
                        case PROTOCOL_ERROR -> CloseFrame.PROTOCOL_ERROR;
                        case FLOOD -> CloseFrame.POLICY_VALIDATION;
                        case KEEP_ALIVE_TIMEOUT, REPLACED, CLOSED -> CloseFrame.GOING_AWAY;
                    });
            Wire current = wire;
            if (current != null) {
                timers.schedule(current::cut, FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }
}

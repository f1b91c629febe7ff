package ml.helix.wolf.agent.control;

import java.io.IOException;
import java.nio.ByteBuffer;
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
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.reconnect.ControlConnection;
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

/**
 * The control connection over Java-WebSocket: connects, upgrades, and gives what arrives to revdial's {@link Listener},
 * whose lines it sends. Thread-safe as {@link ControlConnection} says.
 */
public final class WebSocketControlConnection implements ControlConnection, ControlSender {
    static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration PING_INTERVAL = Duration.ofSeconds(15);

    /** The same for all control connections of this process, so that the server knows them for one agent's. */
    private static final String INSTANCE = instance();

    private final Connector connector;
    private final String runnerId;
    private final Pickup pickup;
    private final ScheduledExecutorService timers;
    private final FrameBudget budget = new FrameBudget(System::nanoTime);
    private final BoundedClient client;

    /** Why this side ended the connection; null while it has not. */
    private final AtomicReference<@Nullable ControlEnd> ownEnd = new AtomicReference<>();

    private volatile boolean draining;
    private volatile @Nullable Listener listener;
    private volatile @Nullable Wire wire;

    /** @param token sent in the Authorization header */
    public WebSocketControlConnection(
            Connector connector, String runnerId, Secret token, Pickup pickup, ScheduledExecutorService timers) {
        this.connector = connector;
        this.runnerId = runnerId;
        this.pickup = pickup;
        this.timers = timers;
        var headers = Map.of(
                "Host",
                connector.url().authority(),
                "Authorization",
                "Bearer " + token.reveal(),
                "User-Agent",
                "wolf-tunnel-agent/" + Version.text(),
                "Wolf-Agent-Instance",
                INSTANCE);
        this.client = new BoundedClient(
                connector.url().controlTarget(runnerId), headers, new StreamingDraft(budget), this::receive);
    }

    private static String instance() {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @Override
    public void serve(Runnable onUp, Runnable onReconnect) throws TunnelException {
        connector.refresh();
        var deadline = Deadline.in(HANDSHAKE_TIMEOUT, timers);
        Wire connected = connector.connect(deadline);
        wire = connected;
        try {
            if (ownEnd.get() == null) {
                serve(connected, deadline, onUp, onReconnect);
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

    private void serve(Wire connected, Deadline deadline, Runnable onUp, Runnable onReconnect)
            throws IOException, InterruptedException {
        ScheduledFuture<?> pings = timers.scheduleAtFixedRate(
                client::pingUnlessClogged, PING_INTERVAL.toMillis(), PING_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        WebSocketEnd end;
        try (var handshake = deadline.guard(connected::cut)) {
            end = client.serve(connected, () -> {
                listen(onReconnect);
                handshake.cancel();
                onUp.run(); // last: the callee may drain or close this connection at once
            });
        } finally {
            pings.cancel(false);
            Listener current = listener;
            if (current != null) {
                current.close();
            }
        }
        ControlEnd own = ownEnd.get();
        if (own == null) {
            throw end.failure(runnerId, deadline.hasPassed(), Instant.now());
        } else if (own.cause() != ControlEnd.Cause.CLOSED) {
            throw new TunnelException(
                    own.cause() == ControlEnd.Cause.KEEP_ALIVE_TIMEOUT
                            ? FailureReason.KEEP_ALIVE_TIMEOUT
                            : FailureReason.PROTOCOL_ERROR,
                    own.message());
        }
    }

    private void listen(Runnable onReconnect) {
        var created = new Listener(this, pickup, timers, System::nanoTime, onReconnect);
        listener = created;
        if (draining) {
            created.drain();
        }
        if (ownEnd.get() != null) {
            created.close();
        }
    }

    private void receive(ByteBuffer bytes) {
        Listener current = listener;
        if (current != null && !budget.takeLines(current.receive(bytes))) {
            close(new ControlEnd(ControlEnd.Cause.FLOOD, WebSocketEnd.FLOOD));
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

    @Override
    public boolean isPickingUp() {
        Listener current = listener;
        return current != null && current.isPickingUp();
    }

    /** Sends a close frame (1001), or gives up the connect. */
    @Override
    public void close() {
        ownEnd.compareAndSet(null, new ControlEnd(ControlEnd.Cause.CLOSED, "the agent closes it"));
        Listener current = listener;
        Wire connecting = wire;
        if (current != null) {
            current.close();
        } else if (connecting != null) {
            connecting.cut();
        }
    }

    @Override
    public void send(byte[] line) throws IOException {
        if (client.isClogged()) {
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
        ownEnd.compareAndSet(null, end);
        client.close(
                switch (end.cause()) {
                    case PROTOCOL_ERROR -> CloseFrame.PROTOCOL_ERROR;
                    case FLOOD -> CloseFrame.POLICY_VALIDATION;
                    case KEEP_ALIVE_TIMEOUT, DISPLACED, CLOSED -> CloseFrame.GOING_AWAY;
                });
        Wire current = wire;
        if (current != null) {
            timers.schedule(current::cut, BoundedClient.CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}

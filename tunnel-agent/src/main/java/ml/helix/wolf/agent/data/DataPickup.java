package ml.helix.wolf.agent.data;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.agent.websocket.Upgrade;
import ml.helix.wolf.agent.websocket.WebSocketStream;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnPath;
import ml.helix.wolf.revdial.Listener;
import ml.helix.wolf.revdial.Pickup;
import ml.helix.wolf.revdial.PickupException;

/**
 * Answers a conn-ready: dials Wolf, then opens the data connection with the control connection's token. In this order an
 * unreachable Wolf becomes a pickup-failed with the reason. Thread-safe.
 */
public final class DataPickup implements Pickup {
    /** The status for a pickup whose control connection is over. */
    private static final int GONE = 410;

    private final Connector connector;
    private final Wolf wolf;
    private final Optional<AllowList> allowed;
    private final Secret token;
    private final TokenSource tokens;
    private final Streams streams;
    private final StreamMetrics metrics;
    private final ScheduledExecutorService timers;

    /**
     * @param allowed which requests may reach Wolf; empty for all
     * @param token the control connection's
     * @param tokens read if the server refuses {@code token}, which may have been rotated since
     */
    public DataPickup(
            Connector connector,
            Wolf wolf,
            Optional<AllowList> allowed,
            Secret token,
            TokenSource tokens,
            Streams streams,
            StreamMetrics metrics,
            ScheduledExecutorService timers) {
        this.connector = connector;
        this.wolf = wolf;
        this.allowed = allowed;
        this.token = token;
        this.tokens = tokens;
        this.streams = streams;
        this.metrics = metrics;
        this.timers = timers;
    }

    @Override
    public PreparedSplice pickUp(ConnPath connPath) throws IOException {
        streams.reserve();
        boolean open = false;
        try {
            PreparedSplice splice = connectBoth(connPath);
            open = true;
            return splice;
        } finally {
            if (!open) {
                streams.release();
            }
        }
    }

    private PreparedSplice connectBoth(ConnPath connPath) throws IOException {
        long start = System.nanoTime();
        var deadline = Deadline.in(Listener.PICKUP_TIMEOUT, timers);
        Runnable cutter = Thread.currentThread()::interrupt;
        streams.register(cutter);
        try {
            ByteStream toWolf = wolf.dial();
            try {
                WebSocketStream data = openDataConnection(connPath, deadline);
                metrics.pickedUp(Duration.ofNanos(System.nanoTime() - start));
                return new WolfSplice(data, allowed, wolf, toWolf, streams, metrics);
            } catch (IOException | RuntimeException e) {
                toWolf.close();
                throw e;
            }
        } finally {
            streams.unregister(cutter);
        }
    }

    private WebSocketStream openDataConnection(ConnPath connPath, Deadline deadline) throws IOException {
        try {
            return open(connPath, token, deadline);
        } catch (TunnelException e) {
            if (e.reason() == FailureReason.UNAUTHORIZED) {
                Secret newer = tokens.read().secret();
                if (!newer.equals(token)) {
                    return open(connPath, newer, deadline);
                }
            }
            throw e;
        }
    }

    private WebSocketStream open(ConnPath connPath, Secret bearer, Deadline deadline) throws IOException {
        var upgrade = new Upgrade(connector.url().authority(), connector.url().path() + connPath.target(), bearer);
        Wire wire = connector.connect(deadline);
        boolean open = false;
        try (var _ = deadline.guard(wire::cut)) {
            WebSocketStream stream = upgrade.perform(wire, timers, System::nanoTime);
            stream.keepAlive();
            open = true;
            return stream;
        } catch (TunnelException e) {
            if (e.status() == GONE) {
                throw PickupException.notNeeded(
                        "the control plane answered 410: the control connection that asked for the pickup is over");
            }
            throw e;
        } catch (IOException e) {
            throw new PickupException(
                    deadline.hasPassed()
                            ? "the pickup was not answered within " + Listener.PICKUP_TIMEOUT.toSeconds() + " s"
                            : "the pickup broke: " + e.getMessage(),
                    e);
        } finally {
            if (!open) {
                wire.cut();
            }
        }
    }

    @Override
    public void failed(PickupException failure) {
        metrics.pickupFailed();
    }
}

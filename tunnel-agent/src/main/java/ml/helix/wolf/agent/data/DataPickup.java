package ml.helix.wolf.agent.data;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.control.TokenSource;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.Wolf;
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
 * Answers a conn-ready: dials Wolf, then opens the data connection with the control connection's token. Wolf comes
 * first, so that the server hears of an unreachable one by pickup-failed. Thread-safe.
 */
public final class DataPickup implements Pickup {
    private final Connector connector;
    private final Wolf wolf;
    private final Secret token;
    private final TokenSource tokens;
    private final Streams streams;
    private final StreamLog log;
    private final ScheduledExecutorService timers;

    /**
     * @param token what the control connection was opened with
     * @param tokens asked again where the server has come to refuse {@code token}: it may have been rotated since
     */
    public DataPickup(
            Connector connector,
            Wolf wolf,
            Secret token,
            TokenSource tokens,
            Streams streams,
            StreamLog log,
            ScheduledExecutorService timers) {
        this.connector = connector;
        this.wolf = wolf;
        this.token = token;
        this.tokens = tokens;
        this.streams = streams;
        this.log = log;
        this.timers = timers;
    }

    @Override
    public PreparedSplice pickUp(ConnPath connPath) throws IOException {
        streams.enter();
        boolean joined = false;
        try {
            PreparedSplice stream = join(connPath);
            joined = true;
            return stream;
        } finally {
            if (!joined) {
                streams.leave();
            }
        }
    }

    private PreparedSplice join(ConnPath connPath) throws IOException {
        long start = System.nanoTime();
        var deadline = Deadline.in(Listener.PICKUP_TIMEOUT, timers);
        Runnable underWay = Thread.currentThread()::interrupt;
        streams.add(underWay);
        try {
            ByteStream local = wolf.dial();
            try {
                WebSocketStream remote = pickUp(connPath, deadline);
                log.opened(Duration.ofNanos(System.nanoTime() - start));
                return new DataStream(remote, local, streams, log);
            } catch (IOException | RuntimeException e) {
                local.close();
                throw e;
            }
        } finally {
            streams.remove(underWay);
        }
    }

    private WebSocketStream pickUp(ConnPath connPath, Deadline deadline) throws IOException {
        try {
            return open(connPath, token, deadline);
        } catch (TunnelException e) {
            if (e.reason() == FailureReason.UNAUTHORIZED) {
                Secret now = tokens.read().secret();
                if (!now.equals(token)) {
                    return open(connPath, now, deadline);
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
            WebSocketStream stream = upgrade.over(wire, timers, System::nanoTime);
            stream.keepAlive();
            open = true;
            return stream;
        } catch (TunnelException e) {
            throw e;
        } catch (IOException e) {
            throw new PickupException(
                    deadline.over()
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
        log.pickupFailed();
    }
}

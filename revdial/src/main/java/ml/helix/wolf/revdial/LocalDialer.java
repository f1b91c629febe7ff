package ml.helix.wolf.revdial;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;
import ml.helix.wolf.revdial.ControlMessage.Reconnect;
import ml.helix.wolf.revdial.ControlMessage.Unknown;

/**
 * The control plane's half of one control connection. It asks the agent for data connections and reads which pickups
 * failed. {@link ConnectionManager#connected} makes it.
 *
 * <p>{@link #receive} belongs to the transport's reading thread; everything else may be called from any thread.
 */
public final class LocalDialer extends Dialer {

    /** How often the agent gets a keep-alive. Without one for 60 s it takes the connection for dead. */
    public static final Duration KEEP_ALIVE_INTERVAL = Duration.ofSeconds(18);

    private final ControlSender control;
    private final ControlWriter writer;
    private final Future<?> keepAlive;
    /** Belongs to the transport's reading thread. */
    private final ControlLines.Decoder decoder = new ControlLines.Decoder(ControlLines.PEER_LIMIT);

    final Instant connectedAt;
    /** Guarded by the manager's lock. */
    boolean draining;

    LocalDialer(
            ConnectionManager manager,
            Runner runner,
            String id,
            RemoteAgent agent,
            Instant connectedAt,
            ControlSender control,
            ScheduledExecutorService timers) {
        super(manager, runner, id, agent);
        this.connectedAt = connectedAt;
        this.control = control;
        this.writer = new ControlWriter(
                "control-writer " + runner.id,
                control,
                2 * MAX_ASKED,
                e -> manager.lost(this, closed("the control connection broke: " + e.getMessage())));
        writer.offerKeepAlive();
        long nanos = KEEP_ALIVE_INTERVAL.toNanos();
        this.keepAlive = timers.scheduleAtFixedRate(this::keepAlive, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Takes the bytes of the control connection, in order. Never throws: bytes that are no control line end the
     * connection. Never blocks.
     *
     * @return how many lines were read
     */
    public int receive(ByteBuffer bytes) {
        int lines = 0;
        try {
            for (var message = decoder.next(bytes); message != null; message = decoder.next(bytes)) {
                lines++;
                switch (message) {
                    case PickupFailed(String connPath, String err) ->
                        manager.dials().pickupFailed(this, PickupQuery.of(connPath), err);
                    case KeepAlive ignored -> {}
                    case ConnReady ignored -> {}
                    case Reconnect ignored -> {}
                    case Unknown ignored -> {}
                }
            }
        } catch (ProtocolException e) {
            manager.lost(this, new ControlEnd(ControlEnd.Cause.PROTOCOL_ERROR, Objects.requireNonNull(e.getMessage())));
        }
        return lines;
    }

    /**
     * Asks the agent to open another control connection and to let this one go once that is up. An agent of ours does so
     * within 5 s, or keeps this one if it can't; Helix's agents ignore it. Never blocks.
     *
     * @return whether the line was queued: there was room for it
     */
    public boolean reconnect() {
        return writer.offer(ControlLines.encode(new Reconnect()));
    }

    /** Ends the connection because the agent sends more than its {@link FrameBudget}. Idempotent. */
    public void flooded() {
        manager.lost(this, new ControlEnd(ControlEnd.Cause.FLOOD, "the agent sent " + FrameBudget.EXCEEDED));
    }

    /** Call when the transport's connection has ended. The grace period begins. Idempotent. */
    public void disconnected() {
        manager.lost(this, closed("the control connection is gone"));
    }

    /** Call when the agent has answered the close of its connection. Idempotent. */
    public void closeConfirmed() {
        manager.closeConfirmed(this);
    }

    @Override
    void start() {
        writer.start();
    }

    @Override
    void end(ControlEnd end) {
        keepAlive.cancel(false);
        control.close(end);
        writer.stop();
    }

    @Override
    boolean sendConnReady(String connPath) {
        return writer.offer(ControlLines.encode(new ConnReady(connPath)));
    }

    boolean owesKeepAlive() {
        return writer.owesKeepAlive();
    }

    private void keepAlive() {
        if (!writer.offerKeepAlive()) {
            manager.lost(
                    this,
                    new ControlEnd(
                            ControlEnd.Cause.KEEP_ALIVE_TIMEOUT,
                            "the agent took no line for " + KEEP_ALIVE_INTERVAL.toSeconds() + " s"));
        }
    }

    private static ControlEnd closed(String message) {
        return new ControlEnd(ControlEnd.Cause.CLOSED, message);
    }
}

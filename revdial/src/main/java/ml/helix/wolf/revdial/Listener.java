package ml.helix.wolf.revdial;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;
import ml.helix.wolf.revdial.ControlMessage.Reconnect;
import ml.helix.wolf.revdial.ControlMessage.Unknown;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's half of one control connection. It answers each conn-ready with a data connection or a pickup-failed, and
 * ends the connection if the server is silent for too long.
 *
 * <p>{@link #receive} belongs to the transport's reading thread; everything else may be called from any thread. Make it when
 * the control connection is up, and {@linkplain #close close} it when that has ended. Data connections and pickups under
 * way outlive it.
 */
public final class Listener implements AutoCloseable {

    /** After this time without a complete line the server is taken for dead. It sends one every 18 s. */
    public static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(60);

    /** How long a pickup may take in all. */
    public static final Duration PICKUP_TIMEOUT = Duration.ofSeconds(20);

    /** How many pickups may be under way at once on one control connection; more are refused. */
    public static final int MAX_PICKUPS = 4096;

    /** The reason in a draining agent's pickup-failed. */
    public static final String STOPPING = "the agent is stopping";

    private static final Logger log = LoggerFactory.getLogger(Listener.class);

    private final ControlSender control;
    private final Pickup pickup;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final Runnable onReconnect;
    private final Semaphore places = new Semaphore(MAX_PICKUPS);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ControlLines.Decoder decoder = new ControlLines.Decoder(ControlLines.AGENT_LIMIT);

    private volatile boolean draining;
    /** Written by the reading thread only. */
    private volatile long lastLine;

    private volatile @Nullable ScheduledFuture<?> silenceCheck;

    /**
     * Starts at once: from now on the server has {@link #KEEP_ALIVE_TIMEOUT} for its first line.
     *
     * @param timers runs short tasks only; see {@link Timers}
     * @param nanoTime the clock of {@code timers}, in nanoseconds
     * @param onReconnect called on the reading thread for each reconnect; must not block
     */
    public Listener(
            ControlSender control,
            Pickup pickup,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            Runnable onReconnect) {
        this.control = control;
        this.pickup = pickup;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.onReconnect = onReconnect;
        this.lastLine = nanoTime.getAsLong();
        scheduleSilenceCheck(KEEP_ALIVE_TIMEOUT.toNanos());
    }

    /**
     * Takes the bytes of the control connection, in order. Never throws: bytes that are no control line end the
     * connection, and bytes after the end are ignored. Does not wait for pickups.
     *
     * @return how many lines were read
     */
    public int receive(ByteBuffer bytes) {
        int lines = 0;
        try {
            while (!closed.get()) {
                ControlMessage message = decoder.next(bytes);
                if (message == null) {
                    return lines;
                }
                lines++;
                lastLine = nanoTime.getAsLong();
                handle(message);
            }
        } catch (ProtocolException e) {
            end(new ControlEnd(ControlEnd.Cause.PROTOCOL_ERROR, Objects.requireNonNull(e.getMessage())));
        }
        return lines;
    }

    /** From now on each conn-ready is answered by a pickup-failed. Pickups under way go on. */
    public void drain() {
        draining = true;
    }

    /** Whether a conn-ready of this connection is not answered yet. A pickup-failed can be sent on this connection only. */
    public boolean isPickingUp() {
        return places.availablePermits() < MAX_PICKUPS;
    }

    /** Closes the control connection. Idempotent. Data connections and pickups under way are left alone. */
    @Override
    public void close() {
        end(new ControlEnd(ControlEnd.Cause.CLOSED, "the agent closed the control connection"));
    }

    private void end(ControlEnd end) {
        if (closed.compareAndSet(false, true)) {
            ScheduledFuture<?> check = silenceCheck;
            if (check != null) {
                check.cancel(false);
            }
            control.close(end);
        }
    }

    private void handle(ControlMessage message) throws ProtocolException {
        switch (message) {
            case ConnReady(String connPath) -> connReady(connPath);
            case Reconnect() -> onReconnect.run();
            case KeepAlive() -> {}
            case PickupFailed ignored -> {}
            case Unknown ignored -> {}
        }
    }

    private void connReady(String connPath) throws ProtocolException {
        if (!ControlLines.canBeEchoed(connPath)) {
            throw new ProtocolException(
                    "a connPath is too long to be echoed in a line of " + ControlLines.PEER_LIMIT + " bytes");
        }
        if (!places.tryAcquire()) {
            StreamLog.ofConnPath(connPath)
                    .run(() -> refuse(
                            connPath, new PickupException("the agent has " + MAX_PICKUPS + " pickups under way")));
            return;
        }
        Thread.ofVirtual().name("pickup").start(() -> {
            StreamLog.ofConnPath(connPath).set();
            Runnable serve;
            try {
                serve = open(connPath);
            } finally {
                places.release();
            }
            serve.run();
        });
    }

    private Runnable open(String connPath) {
        Attempt attempt = new Attempt(connPath, Thread.currentThread());
        ScheduledFuture<?> timeout =
                timers.schedule(attempt::timedOut, PICKUP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            if (draining) {
                throw new PickupException(STOPPING);
            }
            Pickup.PreparedSplice joined = pickup.pickUp(ConnPath.parse(connPath));
            if (attempt.won()) {
                return joined::run;
            }
            return joined::close;
        } catch (PickupException e) {
            attempt.failed(e);
        } catch (IOException e) {
            attempt.failed(new PickupException(Objects.requireNonNullElse(e.getMessage(), e.toString()), e));
        } catch (InterruptedException e) {
            attempt.failed(new PickupException("the pickup was interrupted", e));
        } catch (RuntimeException e) {
            log.error("A pickup failed through a fault of the agent", e);
            attempt.failed(
                    new PickupException("the agent has a fault: " + e.getClass().getSimpleName(), e));
        } finally {
            timeout.cancel(false);
        }
        return () -> {};
    }

    private void refuse(String connPath, PickupException failure) {
        if (failure.isNeeded()) {
            log.info("Pickup failed: {}", failure.getMessage());
        } else {
            log.debug("Pickup failed: {}", failure.getMessage());
        }
        pickup.failed(failure);
        try {
            control.send(ControlLines.encode(
                    new PickupFailed(connPath, Objects.requireNonNullElse(failure.getMessage(), ""))));
        } catch (IOException e) {
            log.debug("A pickup-failed could not be sent: {}", e.getMessage());
        }
    }

    private void scheduleSilenceCheck(long nanos) {
        silenceCheck = timers.schedule(this::checkSilence, nanos, TimeUnit.NANOSECONDS);
    }

    private void checkSilence() {
        long left = KEEP_ALIVE_TIMEOUT.toNanos() - (nanoTime.getAsLong() - lastLine);
        if (left <= 0) {
            end(new ControlEnd(
                    ControlEnd.Cause.KEEP_ALIVE_TIMEOUT,
                    "no complete line from the server for " + KEEP_ALIVE_TIMEOUT.toSeconds() + " s"));
        } else if (!closed.get()) {
            scheduleSilenceCheck(left);
        }
    }

    /** The pickup for one conn-ready. Its result and its timeout race; the first one counts. */
    private final class Attempt {
        private enum State {
            OPENING,
            OPEN,
            OVER
        }

        private final String connPath;
        private final Thread thread;
        private final AtomicReference<State> state = new AtomicReference<>(State.OPENING);

        Attempt(String connPath, Thread thread) {
            this.connPath = connPath;
            this.thread = thread;
        }

        boolean won() {
            return state.compareAndSet(State.OPENING, State.OPEN);
        }

        void failed(PickupException failure) {
            if (state.compareAndSet(State.OPENING, State.OVER)) {
                refuse(connPath, failure);
            }
        }

        /** Answers on another thread than the pickup's, which may hang in a call that no interrupt ends. */
        void timedOut() {
            if (state.compareAndSet(State.OPENING, State.OVER)) {
                thread.interrupt();
                Thread.ofVirtual().name("pickup-timeout").start(() -> StreamLog.ofConnPath(connPath)
                        .run(() -> refuse(
                                connPath,
                                new PickupException(
                                        "the pickup took longer than " + PICKUP_TIMEOUT.toSeconds() + " s"))));
            }
        }
    }
}

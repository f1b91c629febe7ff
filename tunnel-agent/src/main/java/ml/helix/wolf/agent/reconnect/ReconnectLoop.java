package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.revdial.Listener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a control connection up: connects, serves until the connection ends, waits, connects again. {@link #replace}
 * puts another connection in the current one's place, without a gap: for a new token, or because the control plane asks.
 *
 * <p>One thread from {@link #start} to {@link #close}, and one for each control connection. Thread-safe.
 */
public final class ReconnectLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ReconnectLoop.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** A server may send some conn-readys on the older connection before it has registered the newer one. */
    private static final Duration OVERLAP = Duration.ofSeconds(2);

    /** A server may close the older connection before its acceptance of the newer one arrives here. */
    private static final Duration ACCEPTANCE_TIMEOUT = Duration.ofSeconds(2);

    /** How often it looks whether an older connection still has pickups under way, and at most how many times. */
    private static final Duration PICKUP_CHECK = Duration.ofMillis(250);

    private static final int PICKUP_CHECKS = (int) Listener.PICKUP_TIMEOUT.dividedBy(PICKUP_CHECK);

    /** Between two checks whether a wait is over before its time. */
    private static final Duration CHECK = Duration.ofSeconds(1);

    private final String controlPlane;
    private final Function<RunnerToken, ControlConnection> connections;
    private final TokenSource tokens;
    private final Backoff backoff;
    private final Report report;
    private final ScheduledExecutorService timers;
    private final ReconnectRequests requests;
    private final Thread thread = Thread.ofVirtual().name("reconnect-loop").unstarted(this::run);

    /** Ends the wait for the next attempt. Opened under this object's lock: no connection is added after that. */
    private final CountDownLatch stopping = new CountDownLatch(1);

    private final Set<ControlConnectionThread> open = new HashSet<>(); // guarded by this, as are the next two
    private @Nullable ControlConnectionThread current; // the one that came up last
    private @Nullable ControlConnectionThread replacement; // connecting, to take current's place

    /** When the current connection came up, by System.nanoTime; 0 before. */
    private volatile long upSince;

    /**
     * @param controlPlane for the log
     * @param connections makes a control connection that presents the token, not yet served
     * @param random for the wait before a connection that the control plane asks for
     */
    public ReconnectLoop(
            String controlPlane,
            Function<RunnerToken, ControlConnection> connections,
            TokenSource tokens,
            Backoff backoff,
            RandomGenerator random,
            Report report,
            ScheduledExecutorService timers) {
        this.controlPlane = controlPlane;
        this.connections = connections;
        this.tokens = tokens;
        this.backoff = backoff;
        this.report = report;
        this.timers = timers;
        this.requests = new ReconnectRequests(timers, System::nanoTime, random, this::reopen);
    }

    public void start() {
        thread.start();
    }

    /** The token of the control connection that is up now; empty if none is. */
    public synchronized Optional<RunnerToken> tokenInUse() {
        return Optional.ofNullable(current)
                .filter(ControlConnectionThread::isUp)
                .map(ControlConnectionThread::token);
    }

    /**
     * Opens another control connection beside the current one. Once it is up it becomes the current one, and the older one
     * is closed when its pickups are done. Does nothing if no connection is up, or a replacement is being opened.
     *
     * @throws TunnelException why the new connection didn't come up; the current one stays
     */
    void replace(RunnerToken token) throws TunnelException, InterruptedException {
        ControlConnectionThread next = connection(token);
        synchronized (this) {
            if (isStopping() || current == null || !current.isUp() || replacement != null) {
                return;
            }
            replacement = next;
            open.add(next);
        }
        next.start();
        boolean up = false;
        try {
            up = next.awaitUp();
        } finally {
            if (!up) {
                retire(next);
            }
        }
        Optional<TunnelException> failure = up ? Optional.empty() : next.awaitEnd();
        if (failure.isPresent()) {
            report.replacementFailed(failure.get());
            throw failure.get();
        }
    }

    /** The control plane asked on this connection for another one, some seconds ago. */
    private void reopen(ControlConnectionThread asking) {
        synchronized (this) {
            if (asking != current) {
                return; // replaced since
            }
        }
        RunnerToken token = asking.token();
        try {
            token = tokens.read();
        } catch (TunnelException e) {
            LOG.debug("The next control connection keeps the token: {}", e.getMessage());
        }
        try {
            replace(token);
        } catch (TunnelException e) {
            LOG.warn(
                    "The control plane asked for another control connection, which didn't come up, {}: {}. The current"
                            + " one stays",
                    e.reason().word(),
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Refuses each further conn-ready, and does not reconnect. */
    public void drain() {
        stopReconnecting().forEach(ControlConnectionThread::drain);
    }

    /** Closes the control connection. Returns when its close handshake is done, or after 5 s. */
    public void stop() throws InterruptedException {
        List<ControlConnectionThread> last = stopReconnecting();
        last.forEach(ControlConnectionThread::close);
        for (ControlConnectionThread connection : last) {
            connection.awaitEnd(CLOSE_TIMEOUT);
        }
        thread.join(CLOSE_TIMEOUT);
    }

    /** Closes the control connection, and does not wait. */
    public void close() {
        stopReconnecting().forEach(ControlConnectionThread::close);
    }

    /** Whether the loop's thread has ended. */
    boolean hasEnded() {
        return !thread.isAlive();
    }

    private synchronized List<ControlConnectionThread> stopReconnecting() {
        stopping.countDown();
        return List.copyOf(open);
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private ControlConnectionThread connection(RunnerToken token) {
        return new ControlConnectionThread(token, connections.apply(token), this::cameUp, requests::add);
    }

    private void run() {
        try {
            while (!isStopping()) {
                upSince = 0;
                RunnerToken token;
                try {
                    token = tokens.read();
                } catch (TunnelException e) {
                    pauseAfter(e, this::hasToken);
                    continue;
                }
                try {
                    serve(connection(token));
                } catch (TunnelException e) {
                    pauseAfter(e, () -> false);
                } catch (RuntimeException e) {
                    pauseAfter(ControlConnectionThread.fault(e), () -> false);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Interrupted", e);
        }
    }

    /**
     * Serves a connection, and each one that replaces it, until none is left.
     *
     * @throws TunnelException why the last one ended, unless this side closed it
     */
    private void serve(ControlConnectionThread first) throws TunnelException, InterruptedException {
        synchronized (this) {
            if (isStopping()) {
                return;
            }
            current = null;
            open.add(first);
        }
        first.start();
        ControlConnectionThread connection = first;
        while (true) {
            Optional<TunnelException> failure = connection.awaitEnd();
            ControlConnectionThread next;
            boolean replaced;
            synchronized (this) {
                open.remove(connection);
                replaced = current != null && current != connection;
                next = replaced ? current : replacement;
            }
            if (next != null && !replaced && !next.awaitUp(ACCEPTANCE_TIMEOUT)) {
                retire(next);
                failure = failure.map(ReconnectLoop::notDisplaced);
                next = null;
            }
            if (next == null) {
                if (failure.isPresent()) {
                    throw failure.get();
                }
                return;
            }
            connection = next;
        }
    }

    /** The connection that displaced this one was the agent's own replacement, which did not come up in time. */
    private static TunnelException notDisplaced(TunnelException failure) {
        return failure.reason() == FailureReason.DISPLACED
                ? new TunnelException(
                        FailureReason.CONNECTION_LOST,
                        "the control plane closed the connection before its replacement was up",
                        failure)
                : failure;
    }

    private void cameUp(ControlConnectionThread connection) {
        ControlConnectionThread previous;
        synchronized (this) {
            if (!open.contains(connection)) {
                return; // retired meanwhile
            }
            previous = current;
            current = connection;
            replacement = null;
            upSince = System.nanoTime();
        }
        report.tokenInUse(connection.token().since());
        report.connected();
        if (previous == null) {
            LOG.info("Connected to {}", controlPlane);
        } else {
            LOG.info("Connected to {} beside the older connection, which is closed soon", controlPlane);
            timers.schedule(() -> letGo(previous, PICKUP_CHECKS), OVERLAP.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Closes the connection once its pickups are done: a pickup-failed can be sent on this connection only. */
    private void letGo(ControlConnectionThread older, int checks) {
        boolean replaced;
        synchronized (this) {
            replaced = current != null && current != older && current.isUp();
        }
        if (replaced && checks > 0 && older.isPickingUp()) {
            timers.schedule(() -> letGo(older, checks - 1), PICKUP_CHECK.toMillis(), TimeUnit.MILLISECONDS);
        } else {
            retire(older);
        }
    }

    private void retire(ControlConnectionThread connection) {
        synchronized (this) {
            open.remove(connection); // first: it must not become the current one while it closes
            if (replacement == connection) {
                replacement = null;
            }
        }
        connection.close();
    }

    private boolean hasToken() {
        try {
            tokens.read();
            return true;
        } catch (TunnelException e) {
            return false;
        }
    }

    /**
     * Reports the failure and waits before the next attempt, unless the loop is stopping.
     *
     * @param over ends the wait early; asked every second
     */
    private void pauseAfter(TunnelException failure, BooleanSupplier over) throws InterruptedException {
        Duration up = upSince == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - upSince);
        if (upSince == 0) {
            report.connectFailed(failure);
        } else {
            report.lost(failure);
        }
        if (isStopping()) {
            return;
        }
        Duration wait = backoff.next(failure, up);
        LOG.warn(
                "Not connected, {} (next attempt in {} s): {}",
                failure.reason().word(),
                "%.1f".formatted(wait.toMillis() / 1000.0),
                failure.getMessage());
        long end = System.nanoTime() + wait.toNanos();
        for (long left = wait.toNanos(); left > 0; left = end - System.nanoTime()) {
            if (stopping.await(Math.min(left, CHECK.toNanos()), TimeUnit.NANOSECONDS) || over.getAsBoolean()) {
                return;
            }
        }
    }
}

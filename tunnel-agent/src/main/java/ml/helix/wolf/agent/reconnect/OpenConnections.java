package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.revdial.Listener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open control connections of a tunnel: the current one, one that is to replace it, and older ones that are closed
 * soon. {@link #serve} is called by one thread at a time. Thread-safe otherwise.
 */
final class OpenConnections {
    private static final Logger LOG = LoggerFactory.getLogger(OpenConnections.class);

    /** A server may send some conn-readys on the older connection before it has registered the newer one. */
    private static final Duration OVERLAP = Duration.ofSeconds(2);

    /** A server may close the older connection before its acceptance of the newer one arrives here. */
    private static final Duration ACCEPTANCE_TIMEOUT = Duration.ofSeconds(2);

    /** How often it looks whether an older connection still has pickups under way, and at most how many times. */
    private static final Duration PICKUP_CHECK = Duration.ofMillis(250);

    private static final int PICKUP_CHECKS = (int) Listener.PICKUP_TIMEOUT.dividedBy(PICKUP_CHECK);

    private final Function<RunnerToken, ControlConnection> connections;
    private final Consumer<ControlConnectionThread> onReconnect;
    private final ControlPlaneReport report;
    private final ScheduledExecutorService timers;

    // Guarded by this.
    private final Set<ControlConnectionThread> open = new HashSet<>();
    /** The one that came up last. */
    private @Nullable ControlConnectionThread current;
    /** Connecting, to take current's place. */
    private @Nullable ControlConnectionThread replacement;

    private boolean stopped;

    /** When the current connection came up, by System.nanoTime; 0 before. */
    private volatile long upSince;

    /**
     * @param connections makes a control connection that presents the token, not yet served
     * @param onReconnect called when the server asks for another connection beside this one; must not block
     */
    OpenConnections(
            Function<RunnerToken, ControlConnection> connections,
            Consumer<ControlConnectionThread> onReconnect,
            ControlPlaneReport report,
            ScheduledExecutorService timers) {
        this.connections = connections;
        this.onReconnect = onReconnect;
        this.report = report;
        this.timers = timers;
    }

    /** From now on opens none. Returns those that are open. */
    synchronized List<ControlConnectionThread> stop() {
        stopped = true;
        return List.copyOf(open);
    }

    /** How long the connection that was served last has been up; empty if it never was. */
    Optional<Duration> up() {
        return upSince == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(System.nanoTime() - upSince));
    }

    synchronized boolean isCurrent(ControlConnectionThread connection) {
        return connection == current;
    }

    /** The token of the control connection that is up now; empty if none is. */
    synchronized Optional<RunnerToken> tokenInUse() {
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
            if (stopped || current == null || !current.isUp() || replacement != null) {
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

    private ControlConnectionThread connection(RunnerToken token) {
        return new ControlConnectionThread(token, connections.apply(token), this::cameUp, onReconnect);
    }

    /**
     * Opens and serves a connection, and each one that replaces it, until none is left.
     *
     * @throws TunnelException why the last one ended, unless this side closed it
     */
    void serve(RunnerToken token) throws TunnelException, InterruptedException {
        upSince = 0;
        ControlConnectionThread first = connection(token);
        synchronized (this) {
            if (stopped) {
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
                failure = failure.map(OpenConnections::notDisplaced);
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
            LOG.info("Connected to {}", report.url());
        } else {
            LOG.info("Connected to {} beside the older connection, which is closed soon", report.url());
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
}

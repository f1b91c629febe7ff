package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a control connection to one control plane up: connects, serves until the connection ends, waits, connects again. {@link #replace}
 * puts another connection in the current one's place, without a gap: for a new token, or because the control plane asks.
 *
 * <p>One thread from {@link #start} to {@link #close}, and one for each control connection. Thread-safe.
 */
public final class ReconnectLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ReconnectLoop.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** Between two checks whether a wait is over before its time. */
    private static final Duration CHECK = Duration.ofSeconds(1);

    private final OpenConnections connections;
    private final TokenSource tokens;
    private final Backoff backoff;
    private final ControlPlaneReport report;
    private final Thread thread = Thread.ofVirtual().name("reconnect-loop").unstarted(this::run);

    /** Ends the wait for the next attempt. */
    private final CountDownLatch stopping = new CountDownLatch(1);

    /**
     * @param connections makes a control connection that presents the token, not yet served
     * @param random for the wait before a connection that the control plane asks for
     */
    public ReconnectLoop(
            Function<RunnerToken, ControlConnection> connections,
            TokenSource tokens,
            Backoff backoff,
            RandomGenerator random,
            ControlPlaneReport report,
            ScheduledExecutorService timers) {
        var requests = new ReconnectRequests(report.url(), timers, System::nanoTime, random, this::reopen);
        this.connections = new OpenConnections(connections, requests::add, report, timers);
        this.tokens = tokens;
        this.backoff = backoff;
        this.report = report;
    }

    public void start() {
        thread.start();
    }

    /** The token of the control connection that is up now; empty if none is. */
    public Optional<RunnerToken> tokenInUse() {
        return connections.tokenInUse();
    }

    /** See {@link OpenConnections#replace}. */
    void replace(RunnerToken token) throws TunnelException, InterruptedException {
        connections.replace(token);
    }

    /** The control plane asked on this connection for another one, some seconds ago. */
    private void reopen(ControlConnectionThread asking) {
        if (!connections.isCurrent(asking)) {
            return; // replaced since
        }
        RunnerToken token = asking.token();
        try {
            token = tokens.read();
        } catch (TunnelException e) {
            LOG.debug("The next control connection to {} keeps the token: {}", report.url(), e.getMessage());
        }
        try {
            replace(token);
        } catch (TunnelException e) {
            LOG.warn(
                    "{} asked for another control connection, which didn't come up, {}: {}. The current one stays",
                    report.url(),
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

    private List<ControlConnectionThread> stopReconnecting() {
        stopping.countDown();
        return connections.stop();
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void run() {
        try {
            while (!isStopping()) {
                RunnerToken token;
                try {
                    token = tokens.read();
                } catch (TunnelException e) {
                    pauseAfter(e, Optional.empty(), this::hasToken);
                    continue;
                }
                try {
                    connections.serve(token);
                } catch (TunnelException e) {
                    pauseAfter(e, connections.up(), () -> false);
                } catch (RuntimeException e) {
                    pauseAfter(ControlConnectionThread.fault(e), connections.up(), () -> false);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Interrupted", e);
        }
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
     * @param up how long the control connection was up, empty if it never was
     * @param over ends the wait early; asked every second
     */
    private void pauseAfter(TunnelException failure, Optional<Duration> up, BooleanSupplier over)
            throws InterruptedException {
        if (up.isEmpty()) {
            report.connectFailed(failure);
        } else {
            report.lost(failure);
        }
        if (isStopping()) {
            return;
        }
        Duration wait = backoff.next(failure, up.orElse(Duration.ZERO));
        LOG.warn(
                "Not connected to {}, {} (next attempt in {} s): {}",
                report.url(),
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

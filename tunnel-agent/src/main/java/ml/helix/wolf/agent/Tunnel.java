package ml.helix.wolf.agent;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import ml.helix.wolf.agent.control.Link;
import ml.helix.wolf.agent.control.RunnerToken;
import ml.helix.wolf.agent.control.TokenSource;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.report.Report;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one control connection up: connects, serves until it ends, waits, again. {@link #replace} puts a second one in
 * the first one's place without a moment between.
 *
 * <p>One thread from start to close, and one for each control connection. Thread-safe.
 */
final class Tunnel {
    private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    /** A server may send some conn-readys on the older connection before it has noted the newer. */
    private static final Duration OVERLAP = Duration.ofSeconds(2);

    /** A server may close the older connection before the newer one's acceptance has come through. */
    private static final Duration CROSSING = Duration.ofSeconds(2);

    private final String controlPlane;
    private final Function<RunnerToken, Link> links;
    private final TokenSource tokens;
    private final Backoff backoff;
    private final Report report;
    private final ScheduledExecutorService timers;
    private final Thread thread = Thread.ofVirtual().name("tunnel").unstarted(this::run);

    /** Ends the wait for the next attempt. */
    private final CountDownLatch stopped = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Session> open = new HashSet<>(); // guarded by lock
    private boolean stopping; // guarded by lock
    private @Nullable Session current; // guarded by lock: the one that came up last
    private @Nullable Session successor; // guarded by lock: under way to replace it

    /** When the present connection came up, in nanoseconds, 0 while there is none. */
    private volatile long upSince;

    /**
     * @param controlPlane for the log
     * @param links makes a control connection that bears that token; not started yet
     */
    Tunnel(
            String controlPlane,
            Function<RunnerToken, Link> links,
            TokenSource tokens,
            Backoff backoff,
            Report report,
            ScheduledExecutorService timers) {
        this.controlPlane = controlPlane;
        this.links = links;
        this.tokens = tokens;
        this.backoff = backoff;
        this.report = report;
        this.timers = timers;
    }

    void start() {
        thread.start();
    }

    /** The token of the control connection that is up now. */
    Optional<RunnerToken> inUse() {
        lock.lock();
        try {
            return Optional.ofNullable(current).filter(Session::isUp).map(Session::token);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Opens a control connection with another token beside the present one. Once it is up it is the tunnel, and the older
     * one is closed; where it doesn't come up, or there is none to replace, nothing changes.
     *
     * @throws TunnelException why it didn't come up
     */
    void replace(RunnerToken token) throws TunnelException, InterruptedException {
        Session next = new Session(token, links.apply(token), this::up);
        lock.lock();
        try {
            if (stopping || current == null || !current.isUp()) {
                return;
            }
            successor = next;
            open.add(next);
        } finally {
            lock.unlock();
        }
        next.start();
        Optional<TunnelException> failure = next.awaitUp() ? Optional.empty() : next.awaitEnd();
        if (failure.isPresent()) {
            lock.lock();
            try {
                successor = null;
                open.remove(next);
            } finally {
                lock.unlock();
            }
            report.attemptFailed(failure.get());
            throw failure.get();
        }
    }

    /** Answers no conn-ready any more, and does not reconnect. */
    void drain() {
        endWaiting().forEach(Session::drain);
    }

    /** Says goodbye, and returns when that is done or has taken too long. */
    void stop() throws InterruptedException {
        List<Session> last = endWaiting();
        last.forEach(Session::close);
        for (Session session : last) {
            session.awaitEnd(GOODBYE);
        }
        thread.join(GOODBYE);
    }

    void close() {
        endWaiting().forEach(Session::close);
    }

    /** Whether the tunnel's thread has ended. */
    boolean isOver() {
        return !thread.isAlive();
    }

    private List<Session> endWaiting() {
        lock.lock();
        try {
            stopping = true;
            return List.copyOf(open);
        } finally {
            lock.unlock();
            stopped.countDown();
        }
    }

    private void run() {
        try {
            while (stopped.getCount() > 0) {
                upSince = 0;
                try {
                    RunnerToken token = tokens.read();
                    follow(new Session(token, links.apply(token), this::up));
                } catch (TunnelException e) {
                    ended(e);
                } catch (RuntimeException e) {
                    ended(Session.fault(e));
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("Interrupted", e);
        }
    }

    /** Returns once neither this session nor what came up in its place is left. */
    private void follow(Session first) throws TunnelException, InterruptedException {
        lock.lock();
        try {
            if (stopping) {
                return;
            }
            current = null;
            open.add(first);
        } finally {
            lock.unlock();
        }
        first.start();
        Session session = first;
        while (true) {
            Optional<TunnelException> end = session.awaitEnd();
            boolean replacedByUs = isBeingReplaced();
            Session next = after(session);
            if (next != null) {
                session = next;
            } else if (end.isPresent()) {
                throw replacedByUs ? notDisplaced(end.get()) : end.get();
            } else {
                return;
            }
        }
    }

    private boolean isBeingReplaced() {
        lock.lock();
        try {
            return successor != null;
        } finally {
            lock.unlock();
        }
    }

    /** The connection that displaced this one was this agent's own, and did not come up in time. */
    private static TunnelException notDisplaced(TunnelException end) {
        return end.reason() == FailureReason.DISPLACED
                ? new TunnelException(
                        FailureReason.CONNECTION_LOST,
                        "the control plane closed the connection before its replacement was up",
                        end)
                : end;
    }

    /** What has replaced a session that is over, or is about to. */
    private @Nullable Session after(Session ended) throws InterruptedException {
        Session coming;
        lock.lock();
        try {
            open.remove(ended);
            if (current != null && current != ended) {
                return current;
            }
            coming = successor;
        } finally {
            lock.unlock();
        }
        if (coming == null || coming.awaitUp(CROSSING)) {
            return coming;
        }
        forget(coming);
        coming.close();
        return null;
    }

    private void up(Session session) {
        Session previous;
        lock.lock();
        try {
            if (!open.contains(session)) {
                return;
            }
            previous = current;
            current = session;
            successor = null;
            upSince = System.nanoTime();
        } finally {
            lock.unlock();
        }
        report.token(session.token().since());
        report.connected();
        if (previous == null) {
            LOG.info("Connected to {}", controlPlane);
        } else {
            LOG.info("Connected to {} with the token file's new token; the older connection ends", controlPlane);
            timers.schedule(() -> retire(previous), OVERLAP.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void retire(Session session) {
        session.close();
        forget(session);
    }

    private void forget(Session session) {
        lock.lock();
        try {
            open.remove(session);
        } finally {
            lock.unlock();
        }
    }

    /** Reports the end and waits, unless the tunnel is to stop. */
    private void ended(TunnelException why) throws InterruptedException {
        Duration up = upSince == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - upSince);
        if (upSince == 0) {
            report.refused(why);
        } else {
            report.lost(why);
        }
        if (stopped.getCount() == 0) {
            return;
        }
        Duration wait = backoff.next(why, up);
        LOG.warn(
                "Not connected, {} (next attempt in {} s): {}",
                why.reason().word(),
                "%.1f".formatted(wait.toMillis() / 1000.0),
                why.getMessage());
        boolean _ = stopped.await(wait.toMillis(), TimeUnit.MILLISECONDS);
    }
}

package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the token file every 5 s while a control connection is up. When the file holds another token, has the
 * {@link ReconnectLoop} replace the connection by one with that token. A token that doesn't work changes nothing but the
 * report; it is tried again with growing waits. Compares contents, not times: a kubelet swaps a symbolic link, and the
 * new file may be older than the previous one.
 *
 * <p>Begins with {@link #start}, ends with its timers.
 */
public final class TokenWatch {
    private static final Logger LOG = LoggerFactory.getLogger(TokenWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final TokenSource.InFile file;
    private final ReconnectLoop loop;
    private final ControlPlaneReport report;
    private final Supplier<Backoff> backoffs;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;

    /** Whether a check is running; its thread alone uses {@link #candidate}. */
    private final AtomicBoolean checking = new AtomicBoolean();

    private @Nullable Candidate candidate;

    /** A token of the file that the control connection doesn't use yet. */
    private static final class Candidate {
        private final RunnerToken token;
        private final Backoff backoff;
        private long notBefore;
        private boolean refused;
        private @Nullable FailureReason lastFailure;

        Candidate(RunnerToken token, Backoff backoff, long now) {
            this.token = token;
            this.backoff = backoff;
            this.notBefore = now;
        }
    }

    /**
     * @param backoffs makes one for each new token
     * @param nanoTime the clock that {@code timers} goes by
     */
    public TokenWatch(
            TokenSource.InFile file,
            ReconnectLoop loop,
            ControlPlaneReport report,
            Supplier<Backoff> backoffs,
            ScheduledExecutorService timers,
            LongSupplier nanoTime) {
        this.file = file;
        this.loop = loop;
        this.report = report;
        this.backoffs = backoffs;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** @param threads runs each check, which may wait for the disk and for the control plane */
    public void start(Executor threads) {
        timers.scheduleWithFixedDelay(
                () -> {
                    if (checking.compareAndSet(false, true)) {
                        threads.execute(this::checkAndFinish);
                    }
                },
                INTERVAL.toMillis(),
                INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void checkAndFinish() {
        try {
            check();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            checking.set(false);
        }
    }

    private void check() throws InterruptedException {
        Optional<RunnerToken> inUse = loop.tokenInUse();
        if (inUse.isEmpty()) {
            candidate = null; // the next connect reads the file itself
            return;
        }
        RunnerToken found;
        try {
            found = file.read();
        } catch (TunnelException e) {
            LOG.debug("The control connection to {} keeps its token: {}", report.url(), e.getMessage());
            return;
        }
        if (found.secret().equals(inUse.get().secret())) {
            candidate = null;
            report.tokenInUse(found.since());
            return;
        }
        Candidate next = candidate;
        if (next == null || !next.token.secret().equals(found.secret())) {
            next = new Candidate(found, backoffs.get(), nanoTime.getAsLong());
            candidate = next;
            report.newerTokenRefused(false);
        }
        if (nanoTime.getAsLong() - next.notBefore >= 0) {
            attempt(next);
        }
    }

    private void attempt(Candidate next) throws InterruptedException {
        try {
            loop.replace(next.token);
        } catch (TunnelException e) {
            boolean refusedNow = e.reason() == FailureReason.UNAUTHORIZED || e.reason() == FailureReason.FORBIDDEN;
            if (refusedNow && !next.refused) {
                next.refused = true;
                LOG.warn(
                        "{} refuses the token file's new token, {}: {}. The tunnel stays up with the previous token;"
                                + " correct the file, or add the new token to the control plane",
                        report.url(),
                        e.reason().word(),
                        e.getMessage());
            } else if (!refusedNow && next.lastFailure != e.reason()) {
                LOG.warn(
                        "The token file's new token can't be tried at {}, {}: {}. The tunnel stays up with the previous"
                                + " token",
                        report.url(),
                        e.reason().word(),
                        e.getMessage());
            }
            next.lastFailure = e.reason();
            report.newerTokenRefused(next.refused);
            next.notBefore =
                    nanoTime.getAsLong() + next.backoff.next(e, Duration.ZERO).toNanos();
        }
    }
}

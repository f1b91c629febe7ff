package ml.helix.wolf.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
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
 * Looks into the token file while a tunnel is up, and where there is another token has the tunnel replaced by one that
 * bears it. Until that works the tunnel stays as it is. It looks at the content: a kubelet swaps a symbolic link, and
 * its times may go either way.
 *
 * <p>Starts with {@link #start}, ends with its timers.
 */
final class TokenWatch {
    private static final Logger LOG = LoggerFactory.getLogger(TokenWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final TokenSource.InFile file;
    private final Tunnel tunnel;
    private final Report report;
    private final Supplier<Backoff> backoffs;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;

    /** Whether a look is under way; who sets it owns {@link #candidate}. */
    private final AtomicBoolean looking = new AtomicBoolean();

    private @Nullable Candidate candidate;

    /** The file's token while it isn't the tunnel's. */
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
     * @param backoffs one for each new content of the file
     * @param nanoTime the clock that {@code timers} goes by
     */
    TokenWatch(
            TokenSource.InFile file,
            Tunnel tunnel,
            Report report,
            Supplier<Backoff> backoffs,
            ScheduledExecutorService timers,
            LongSupplier nanoTime) {
        this.file = file;
        this.tunnel = tunnel;
        this.report = report;
        this.backoffs = backoffs;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** @param threads where each look runs: it may wait for a disk, and for the control plane */
    void start(Executor threads) {
        timers.scheduleWithFixedDelay(
                () -> {
                    if (looking.compareAndSet(false, true)) {
                        threads.execute(this::lookOnce);
                    }
                },
                INTERVAL.toMillis(),
                INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void lookOnce() {
        try {
            look();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            looking.set(false);
        }
    }

    private void look() throws InterruptedException {
        Optional<RunnerToken> inUse = tunnel.inUse();
        if (inUse.isEmpty()) {
            candidate = null; // whoever connects next reads the file itself
            return;
        }
        RunnerToken found;
        try {
            found = file.read();
        } catch (TunnelException e) {
            LOG.debug("The tunnel keeps its token: {}", e.getMessage());
            return;
        }
        if (found.secret().equals(inUse.get().secret())) {
            candidate = null;
            report.token(found.since());
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
            tunnel.replace(next.token);
        } catch (TunnelException e) {
            boolean refusedNow = e.reason() == FailureReason.UNAUTHORIZED || e.reason() == FailureReason.FORBIDDEN;
            if (refusedNow && !next.refused) {
                next.refused = true;
                LOG.warn(
                        "The control plane refuses the token file's new token, {}: {}. The tunnel stays up with the one"
                                + " before; correct the file, or let the control plane know the new token",
                        e.reason().word(),
                        e.getMessage());
            } else if (!refusedNow && next.lastFailure != e.reason()) {
                LOG.warn(
                        "The token file's new token can't be tried, {}: {}. The tunnel stays up with the one before",
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

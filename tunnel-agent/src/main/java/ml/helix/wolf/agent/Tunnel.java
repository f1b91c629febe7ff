package ml.helix.wolf.agent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.control.ControlConnection;
import ml.helix.wolf.agent.data.DataPickup;
import ml.helix.wolf.agent.data.Streams;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.program.Secret;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps one control connection up: connects, serves until it ends, waits, again. One thread, from start to close. */
final class Tunnel {
    private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final AgentSettings settings;
    private final Connector connector;
    private final Wolf wolf;
    private final Streams streams;
    private final Report report;
    private final ScheduledExecutorService timers;
    private final Backoff backoff;
    private final Thread thread = Thread.ofVirtual().name("tunnel").unstarted(this::run);

    /** Ends the wait for the next attempt. */
    private final CountDownLatch stopped = new CountDownLatch(1);

    private volatile boolean stopping;
    private volatile @Nullable ControlConnection connection;

    /** Set by the tunnel's thread; when the present connection came up, in nanoseconds, 0 while it isn't. */
    private long upSince;

    Tunnel(
            AgentSettings settings,
            Connector connector,
            Wolf wolf,
            Streams streams,
            Report report,
            ScheduledExecutorService timers) {
        this.settings = settings;
        this.connector = connector;
        this.wolf = wolf;
        this.streams = streams;
        this.report = report;
        this.timers = timers;
        this.backoff = new Backoff(settings.reconnect(), RandomGenerator.getDefault());
    }

    void start() {
        thread.start();
    }

    /** Answers no conn-ready any more, and does not reconnect. */
    void drain() {
        endWaiting();
        ControlConnection current = connection;
        if (current != null) {
            current.drain();
        }
    }

    /** Says goodbye, and returns when that is done or has taken too long. */
    void stop() throws InterruptedException {
        close();
        if (thread.isAlive()) {
            thread.join(GOODBYE);
        }
    }

    void close() {
        endWaiting();
        ControlConnection current = connection;
        if (current != null) {
            current.close();
        }
    }

    private void endWaiting() {
        stopping = true;
        stopped.countDown();
    }

    private void run() {
        while (!stopping) {
            upSince = 0;
            try {
                settings.trust().refresh();
                Secret token = settings.tokens().read();
                var pickup = new DataPickup(connector, wolf, token, settings.tokens(), streams, report, timers);
                var fresh = new ControlConnection(connector, settings.runnerId(), token, pickup, timers);
                connection = fresh;
                if (stopping) {
                    return;
                }
                fresh.serve(this::up);
                return;
            } catch (TunnelException e) {
                ended(e);
            } catch (RuntimeException e) {
                LOG.error("A fault of the agent ended the control connection", e);
                ended(new TunnelException(
                        FailureReason.PROTOCOL_ERROR,
                        "the agent has a fault: " + e.getClass().getSimpleName(),
                        e));
            }
        }
    }

    private void up() {
        upSince = System.nanoTime();
        report.connected();
        LOG.info("Connected to {}", settings.url());
    }

    /** Reports the end and waits, unless the tunnel is to stop. */
    private void ended(TunnelException why) {
        Duration up = upSince == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - upSince);
        if (upSince == 0) {
            report.refused(why);
        } else {
            report.lost(why);
        }
        if (stopping) {
            return;
        }
        Duration wait = backoff.next(why, up);
        LOG.warn(
                "Not connected, {}: {}. Next attempt in {} s",
                why.reason().word(),
                why.getMessage(),
                "%.1f".formatted(wait.toMillis() / 1000.0));
        try {
            stopped.await(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            stopping = true;
        }
    }
}

package ml.helix.wolf.agent.heartbeat;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends heartbeats to a control plane while a control connection to it is up: when it has come up, every 30 s ± 10 %, and when Wolf's reachability or
 * health changes or the node is cordoned, at least 2 s apart. A control plane without a registry turns them off until the next control connection.
 * Other failures are logged when they begin, change and end, and have no other effect.
 *
 * <p>Begins with {@link #start}, ends with its timers. One heartbeat at a time, on a virtual thread.
 */
public final class Heartbeats {
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final double DEVIATION = 0.1;
    private static final Duration LEAST_INTERVAL = Duration.ofSeconds(2);

    private final Registration registration;
    private final Sender sender;
    private final Supplier<WolfFacts> wolf;
    private final Supplier<Optional<Secret>> token;
    private final ControlPlaneReport report;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final RandomGenerator random;
    private final Logger log;
    private final Optional<CordonWatch> cordon;

    // Guarded by this.
    private @Nullable ScheduledFuture<?> next;
    private boolean sending;
    /** Whether there is something new since the document of the heartbeat that is being sent. */
    private boolean again;

    private long earliest;

    // Used by the heartbeat's thread only.
    /** At which connect the control plane had no registry. */
    private long offSinceConnect = -1;

    private String problem = "";

    /** Sends one heartbeat. */
    @FunctionalInterface
    interface Sender {
        /**
         * @return the status of the answer
         * @throws IOException if there is none
         */
        int send(Secret token, byte[] document) throws IOException;
    }

    /**
     * @param wolf is asked with each heartbeat
     * @param token of the control connection that is up, empty if none is
     */
    public Heartbeats(
            Registration registration,
            Connector connector,
            String runnerId,
            Wolf wolf,
            Supplier<Optional<Secret>> token,
            ControlPlaneReport report,
            ScheduledExecutorService timers) {
        this(
                registration,
                new HeartbeatRequest(connector, runnerId, timers),
                new WolfReader(wolf, timers, System::nanoTime),
                token,
                report,
                timers,
                System::nanoTime,
                RandomGenerator.getDefault(),
                LoggerFactory.getLogger(Heartbeats.class));
    }

    /** @param nanoTime the clock that {@code timers} goes by */
    Heartbeats(
            Registration registration,
            Sender sender,
            Supplier<WolfFacts> wolf,
            Supplier<Optional<Secret>> token,
            ControlPlaneReport report,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            RandomGenerator random,
            Logger log) {
        this.registration = registration;
        this.sender = sender;
        this.wolf = wolf;
        this.token = token;
        this.report = report;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.random = random;
        this.log = log;
        this.cordon = registration.cordonFile().map(file -> new CordonWatch(file, nanoTime));
        this.earliest = nanoTime.getAsLong();
    }

    /** Call before the first control connection is opened. */
    public void start() {
        report.onChange(this::soon);
        cordon.ifPresent(watch -> {
            watch.check();
            timers.scheduleWithFixedDelay(
                    () -> {
                        if (watch.check()) {
                            soon();
                        }
                    },
                    CordonWatch.INTERVAL.toMillis(),
                    CordonWatch.INTERVAL.toMillis(),
                    TimeUnit.MILLISECONDS);
        });
    }

    /** There is something new to say. */
    private synchronized void soon() {
        if (sending) {
            again = true;
        } else {
            schedule(Math.max(0, earliest - nanoTime.getAsLong()));
        }
    }

    private void schedule(long nanos) {
        if (next != null) {
            next.cancel(false);
        }
        next = timers.schedule(this::begin, nanos, TimeUnit.NANOSECONDS);
    }

    private synchronized void begin() {
        if (!sending) {
            sending = true;
            Thread.ofVirtual().name("heartbeat").start(this::beat);
        }
    }

    private void beat() {
        boolean more = false;
        try {
            more = sendIfOn();
        } catch (RuntimeException e) {
            log.error("A heartbeat failed through a fault of the agent", e);
        } finally {
            finished(more);
        }
    }

    /** Without {@code more}, the next change begins again: a control connection that comes up is one. */
    private synchronized void finished(boolean more) {
        sending = false;
        if (more) {
            earliest = nanoTime.getAsLong() + LEAST_INTERVAL.toNanos();
        }
        if (again) {
            schedule(Math.max(0, earliest - nanoTime.getAsLong()));
        } else if (more) {
            double factor = 1 - DEVIATION + 2 * DEVIATION * random.nextDouble();
            schedule((long) (INTERVAL.toNanos() * factor));
        }
        again = false;
    }

    /** Returns whether heartbeats go on. */
    private boolean sendIfOn() {
        Optional<Secret> bearer = token.get();
        long connect = report.connects();
        if (bearer.isEmpty() || connect == offSinceConnect) {
            return false;
        }
        WolfFacts facts = wolf.get();
        synchronized (this) {
            again = false; // the document has it
        }
        byte[] document = HeartbeatJson.write(
                registration,
                report.wolf(),
                facts,
                Version.text(),
                cordon.isPresent() ? cordon.get().cordoned() : Boolean.FALSE);
        try {
            int status = sender.send(bearer.get(), document);
            switch (status) {
                case 404, 405, 501 -> {
                    offSinceConnect = connect;
                    log.debug(
                            "{} has no registry ({}): no heartbeats until the next control connection",
                            report.url(),
                            status);
                    return false;
                }
                default -> note(status / 100 == 2 ? "" : "the control plane answers " + status);
            }
        } catch (IOException e) {
            note(String.valueOf(e.getMessage()));
        }
        return true;
    }

    /** @param now what is wrong, empty if nothing is */
    private void note(String now) {
        if (!now.equals(problem)) {
            if (now.isEmpty()) {
                log.info("{} accepts heartbeats again", report.url());
            } else {
                log.warn(
                        "The registry of {} does not hear of this Wolf: {}. The tunnel is not affected",
                        report.url(),
                        now);
            }
            problem = now;
        }
    }
}

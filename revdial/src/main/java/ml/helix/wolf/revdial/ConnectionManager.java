package ml.helix.wolf.revdial;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control connections of all agents by their ids: who is connected, who takes over, who is expected back. {@link #dials}
 * has the dials to them.
 *
 * <p>Thread-safe. One lock guards all state; transports and callers are only called without it. It lives as long as the
 * control plane; {@link #close} fails every dial that waits. {@code DESIGN.md} says what the locking must hold.
 */
public final class ConnectionManager implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConnectionManager.class);

    private final Duration gracePeriod;
    private final ScheduledExecutorService timers;
    private final RunnerEvents events;
    private final DialerIds ids;
    private final Runners runners;
    private final Dials dials;

    /**
     * @param gracePeriod how long dials wait for an id that dropped
     * @param dialTimeout how long a dial may take in all
     * @param timers runs short tasks only; see {@link Timers}. Close this before you shut them down
     * @param nanoTime the clock of {@code timers}, in nanoseconds
     */
    public ConnectionManager(
            Duration gracePeriod, Duration dialTimeout, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this(
                gracePeriod,
                dialTimeout,
                timers,
                nanoTime,
                new RunnerEvents(InstantSource.system(), List.of()),
                DialerIds.random(),
                failed -> {});
    }

    /**
     * For one of several replicas.
     *
     * @param events gets the connected and lost events of control connections to this replica; to be closed after this is
     *     closed
     * @param ids name this replica
     * @param othersPickups gets what the agents here say of the dials of other replicas; must not block
     */
    public ConnectionManager(
            Duration gracePeriod,
            Duration dialTimeout,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            RunnerEvents events,
            DialerIds ids,
            Consumer<FailedPickup> othersPickups) {
        this.events = events;
        this.ids = ids;
        this.gracePeriod = gracePeriod;
        this.timers = timers;
        this.runners = new Runners(events, nanoTime);
        this.dials = new Dials(runners, dialTimeout, timers, ids, othersPickups);
    }

    /** The dials to the runners, whose state is under the same lock. */
    public Dials dials() {
        return dials;
    }

    /**
     * A control connection is up. It takes over from an older one of the same id at once: dials that wait for a pickup
     * are asked for again on it, and the older one is closed when its running streams are done.
     *
     * @return takes the agent's bytes from the transport, which calls {@link LocalDialer#disconnected} at the connection's end
     */
    public LocalDialer connected(String runnerId, RemoteAgent agent, ControlSender control) {
        return runners.atomically(then -> {
            LocalDialer dialer = opened(runners.toConnect(runnerId), agent, control, then);
            runners.takeOver(dialer, then);
            return dialer;
        });
    }

    private LocalDialer opened(Runner runner, RemoteAgent agent, ControlSender control, List<Runnable> then) {
        return runners.opened(new LocalDialer(this, runner, ids.next(), agent, events.now(), control, timers), then);
    }

    /**
     * Another replica holds a control connection of the runner. It takes over from an older one as {@link #connected} does;
     * if the one here is newer, the dialer is over at once.
     *
     * @param agent at the other end of that connection
     * @param connectedAt when it came up, by the clock of the events
     * @param holder has a conn-ready with this connPath sent there; called under the lock, so it must not block. Returns
     *     false if there is no room
     * @return to be told when the holder loses the runner
     */
    public RemoteDialer remoteConnected(
            String runnerId, RemoteAgent agent, Instant connectedAt, Predicate<String> holder) {
        return runners.atomically(then -> {
            Runner runner = runners.toConnect(runnerId);
            var dialer = runners.opened(new RemoteDialer(this, runner, ids.next(), agent, holder), then);
            if (runner.current instanceof LocalDialer local && local.connectedAt.isAfter(connectedAt)) {
                runners.displace(dialer, then);
            } else {
                runners.takeOver(dialer, then);
            }
            return dialer;
        });
    }

    /**
     * Sends a conn-ready for a dial of another replica, to which the agent's data connection will be joined.
     *
     * @param connPath names that replica's dialer
     */
    public Relayed relay(String runnerId, String connPath) {
        return runners.atomically(then -> {
            Runner runner = runners.find(runnerId);
            if (runner == null || !(runner.current instanceof LocalDialer dialer)) {
                return Relayed.NOT_HELD;
            }
            return dialer.sendConnReady(connPath) ? Relayed.SENT : Relayed.FULL;
        });
    }

    /**
     * A control connection is up that is only a trial, as {@code doctor} opens it. It gets keep-alives. It displaces
     * nobody, is never dialled and is not counted.
     *
     * @return as {@link #connected}
     */
    public LocalDialer trialConnected(String runnerId, RemoteAgent agent, ControlSender control) {
        return runners.atomically(then -> opened(new Runner(runnerId), agent, control, then));
    }

    /**
     * Asks the agent of that id for another control connection, as {@link LocalDialer#reconnect}. Dials and streams are not
     * affected.
     *
     * @return whether the id is connected here and the line was queued
     */
    public boolean reconnect(String runnerId) {
        return runners.atomically(then -> {
            Runner runner = runners.find(runnerId);
            return runner != null && runner.current instanceof LocalDialer dialer && dialer.reconnect();
        });
    }

    /**
     * The same for all ids that are connected here.
     *
     * @return how many lines were queued
     */
    public int reconnectAll() {
        return runners.atomically(then -> {
            int asked = 0;
            for (Runner runner : runners.all()) {
                if (runner.current instanceof LocalDialer dialer && dialer.reconnect()) {
                    asked++;
                }
            }
            return asked;
        });
    }

    /**
     * The ids that are held here count as lost: their dials wait for them to come back elsewhere. Their control connections are
     * still open. Helix's agents drop a data connection that they have just picked up if the control connection ends meanwhile,
     * so give them a moment.
     *
     * @return closes these control connections with 1001, as {@link #close} does
     */
    public Runnable releaseHeld() {
        List<LocalDialer> held = runners.atomically(then -> {
            List<LocalDialer> all = runners.dialers().all().stream()
                    .filter(LocalDialer.class::isInstance)
                    .map(LocalDialer.class::cast)
                    .toList();
            all.forEach(dialer -> drop(dialer, Runners.STOPPING, then));
            return all;
        });
        return () -> held.forEach(dialer -> dialer.end(Runners.STOPPING));
    }

    /** How many control connections are held here whose agents are such. */
    public long countHeld(Predicate<RemoteAgent> which) {
        return runners.atomically(then -> runners.all().stream()
                .filter(runner -> runner.current instanceof LocalDialer && which.test(runner.current.agent))
                .count());
    }

    /** A snapshot of all ids that are connected, in their grace period or have running streams. */
    public List<RunnerState> runners() {
        return runners.atomically(
                then -> runners.all().stream().map(this::state).toList());
    }

    /** The same of one id; empty if it is none of these. */
    public Optional<RunnerState> runner(String runnerId) {
        return runners.atomically(
                then -> Optional.ofNullable(runners.find(runnerId)).map(this::state));
    }

    private RunnerState state(Runner runner) {
        return runner.state(runners.now());
    }

    /** The four numbers, all of one moment. Runners that other replicas hold count too. */
    public Stats stats() {
        return runners.atomically(then -> Stats.of(runners.all()));
    }

    /** The same of the control connections that this replica holds or lost. */
    public Stats localStats() {
        return runners.atomically(then -> Stats.ofLocal(runners.all()));
    }

    /**
     * Fails all dials with {@link NoConnection}, then closes all control connections; later ones are closed at once.
     * Running streams go on until their callers close them. Idempotent.
     */
    @Override
    public void close() {
        runners.atomically(then -> {
            runners.close(new NoConnection(), then);
            return true;
        });
    }

    /** A control connection ended, or must end. Does nothing if it is over already. */
    void lost(Dialer dialer, ControlEnd end) {
        runners.atomically(then -> {
            if (dialer.over) {
                return false;
            }
            drop(dialer, end, then);
            then.add(() -> dialer.end(end));
            return true;
        });
    }

    private void drop(Dialer dialer, ControlEnd end, List<Runnable> then) {
        boolean current = dialer.runner.current == dialer;
        runners.forget(dialer, end, then);
        if (current) {
            dialer.runner.dropped(dialer, drop -> graceTimer(dialer.runner, drop), then);
        }
    }

    private Future<?> graceTimer(Runner runner, long drop) {
        return timers.schedule(() -> graceIsOver(runner, drop), gracePeriod.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void graceIsOver(Runner runner, long drop) {
        runners.atomically(then -> {
            if (runner.grace != null && runner.drops == drop) {
                runner.grace = null;
                runner.failWaiting(new ReconnectTimeout(gracePeriod), then);
                runners.forgetIfIdle(runner);
                then.add(() -> log.info("{} did not come back within {} s", runner.id, gracePeriod.toSeconds()));
            }
            return true;
        });
    }

    /** The agent has answered the close of a control connection. */
    void closeConfirmed(Dialer dialer) {
        runners.atomically(then -> {
            if (dialer.displaced) {
                dialer.displaced = false;
                dialer.runner.displacements.confirmed(dialer.agent, runners.now());
            }
            return true;
        });
    }

    long now() {
        return runners.now();
    }
}

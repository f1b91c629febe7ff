package ml.helix.wolf.revdial;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control connections of all agents by their ids, and the dials to them.
 *
 * <p>Thread-safe. One lock guards all state; transports and callers are only called without it. It lives as long as the
 * control plane; {@link #close} fails every dial that waits. {@code DESIGN.md} says what the locking must hold.
 */
public final class ConnectionManager implements AutoCloseable {

    /** How many dials may wait for one id to come back. */
    public static final int MAX_PENDING_DIALS = 100;

    private static final Logger log = LoggerFactory.getLogger(ConnectionManager.class);

    private static final ControlEnd STOPPING = new ControlEnd(ControlEnd.Cause.CLOSED, "the control plane is stopping");

    private static final ControlEnd DISPLACED =
            new ControlEnd(ControlEnd.Cause.DISPLACED, "replaced by another agent with this id");

    private final Duration gracePeriod;
    private final Duration dialTimeout;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final RunnerEvents events;
    private final DialerIds ids;
    private final Consumer<FailedPickup> othersPickups;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock, and so is what is inside.
    private final Map<String, Runner> runners = new HashMap<>();
    private final DialerRegister dialers = new DialerRegister();
    private boolean closed;

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
        this.othersPickups = othersPickups;
        this.gracePeriod = gracePeriod;
        this.dialTimeout = dialTimeout;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /**
     * A control connection is up. It takes over from an older one of the same id at once: dials that wait for a pickup
     * are asked for again on it, and the older one is closed when its running streams are done.
     *
     * @return takes the agent's bytes from the transport, which calls {@link LocalDialer#disconnected} at the connection's end
     */
    public LocalDialer connected(String runnerId, RemoteAgent agent, ControlSender control) {
        return atomically(then -> {
            Runner runner = runnerToConnect(runnerId);
            LocalDialer dialer =
                    opened(new LocalDialer(this, runner, ids.next(), agent, events.now(), control, timers), then);
            if (!closed) {
                events.connected(dialer);
                takeOver(runner, dialer, then);
            }
            return dialer;
        });
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
        return atomically(then -> {
            Runner runner = runnerToConnect(runnerId);
            RemoteDialer dialer = opened(new RemoteDialer(this, runner, ids.next(), agent, holder), then);
            if (runner.current instanceof LocalDialer local && local.connectedAt.isAfter(connectedAt)) {
                retire(dialer, DISPLACED, then);
            } else if (!closed) {
                takeOver(runner, dialer, then);
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
        return atomically(then -> {
            Runner runner = runners.get(runnerId);
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
        return atomically(then -> opened(
                new LocalDialer(this, new Runner(runnerId), ids.next(), agent, events.now(), control, timers), then));
    }

    /** The runner id whose control connection has this dialer id now. */
    public Optional<String> runnerIdOf(String dialerId) {
        return atomically(then -> Optional.ofNullable(dialers.find(dialerId)).map(Dialer::runnerId));
    }

    /** Whether a data connection that names this dialer may be accepted. Ask before its upgrade. */
    public DialerState dialerState(String dialerId) {
        return atomically(then -> dialers.state(dialerId));
    }

    /**
     * A data connection is up. The dial that asked for it gets it. If that dial no longer waits, the data connection is
     * closed at once.
     *
     * @return whether a dial waited for it
     */
    public boolean deliver(String dialerId, String requestId, ByteStream stream) {
        return atomically(then -> {
            Dialer dialer = dialers.find(dialerId);
            PendingDial dial = dialer == null ? null : dialer.take(requestId);
            if (dialer == null || dial == null) {
                then.add(stream::close);
                return false;
            }
            ByteStream delivered;
            if (dial.ahead) {
                IdleStream idle = new IdleStream(this, dialer, stream);
                dialer.idle.add(idle);
                delivered = idle;
            } else {
                streamOpened(dialer);
                delivered = new WatchedStream(stream, () -> streamClosed(dialer));
            }
            then.add(() -> dial.succeed(delivered));
            return true;
        });
    }

    /**
     * Opens a stream to the agent of that id. Waits if the id is in its grace period. The caller closes the stream; until
     * then it counts as running.
     *
     * @throws DialException for each kind of {@link DialFailure}
     * @throws InterruptedException if the caller is interrupted; nothing is left open
     */
    public ByteStream dial(String runnerId) throws DialException, InterruptedException {
        PendingDial dial = startDial(runnerId);
        try {
            return dial.await();
        } catch (InterruptedException e) {
            withdraw(dial);
            throw e;
        }
    }

    /**
     * Starts a dial and returns at once. {@link PendingDial#await} gives its outcome within the dial timeout; the caller
     * closes the stream. {@link #withdraw} takes the dial back.
     */
    public PendingDial startDial(String runnerId) {
        return start(new PendingDial(runnerId, DialerIds.requestId(), /* ahead= */ false));
    }

    /**
     * As {@link #startDial}, for a stream that nobody needs yet: its stream is an {@link IdleStream}. It fails with {@link
     * NoConnection} instead of waiting for an id to come back.
     */
    public PendingDial startDialAhead(String runnerId) {
        return start(new PendingDial(runnerId, DialerIds.requestId(), /* ahead= */ true));
    }

    private PendingDial start(PendingDial dial) {
        place(dial);
        if (!dial.isSettled()) {
            dial.setTimeout(timers.schedule(
                    () -> giveUp(dial, new DialTimeout(dialTimeout)), dialTimeout.toNanos(), TimeUnit.NANOSECONDS));
        }
        return dial;
    }

    /**
     * Takes a dial back, in any state, because its caller has gone. A dial that waits gives up its place at once and fails
     * with {@link Withdrawn}; a later pickup for it is closed. The stream of a dial that was picked up is closed.
     * Idempotent.
     */
    public void withdraw(PendingDial dial) {
        giveUp(dial, new Withdrawn());
        dial.abandon();
    }

    /**
     * Asks the agent of that id for another control connection, as {@link LocalDialer#reconnect}. Dials and streams are not
     * affected.
     *
     * @return whether the id is connected here and the line was queued
     */
    public boolean reconnect(String runnerId) {
        return atomically(then -> {
            Runner runner = runners.get(runnerId);
            return runner != null && runner.current instanceof LocalDialer dialer && dialer.reconnect();
        });
    }

    /**
     * The same for all ids that are connected here.
     *
     * @return how many lines were queued
     */
    public int reconnectAll() {
        return atomically(then -> {
            int asked = 0;
            for (Runner runner : runners.values()) {
                if (runner.current instanceof LocalDialer dialer && dialer.reconnect()) {
                    asked++;
                }
            }
            return asked;
        });
    }

    /**
     * Closes the control connections that are held here with 1001, as {@link #close} does, but goes on otherwise: dials wait
     * for their ids to come back elsewhere.
     */
    public void closeHeld() {
        List<LocalDialer> held = atomically(then -> dialers.all().stream()
                .filter(LocalDialer.class::isInstance)
                .map(LocalDialer.class::cast)
                .toList());
        held.forEach(dialer -> lost(dialer, STOPPING));
    }

    /** How many control connections are held here whose agents are such. */
    public long countHeld(Predicate<RemoteAgent> which) {
        return atomically(then -> runners.values().stream()
                .filter(runner -> runner.current instanceof LocalDialer && which.test(runner.current.agent))
                .count());
    }

    /** How many streams run to each id; ids without one are left out. */
    public Map<String, Integer> streams() {
        return atomically(then -> runners.values().stream()
                .filter(runner -> runner.streams > 0)
                .collect(Collectors.toMap(runner -> runner.id, runner -> runner.streams)));
    }

    /** How many dials wait, for a pickup or for an id to come back. */
    public int pendingDials() {
        return atomically(then -> runners.values().stream()
                        .mapToInt(runner -> runner.waiting.size())
                        .sum()
                + dialers.all().stream().mapToInt(Dialer::askedCount).sum());
    }

    /** A snapshot of all ids that are connected, in their grace period or have running streams. */
    public List<RunnerState> runners() {
        return atomically(then -> runners.values().stream().map(this::state).toList());
    }

    /** The same of one id; empty if it is none of these. */
    public Optional<RunnerState> runner(String runnerId) {
        return atomically(then -> Optional.ofNullable(runners.get(runnerId)).map(this::state));
    }

    /** The four numbers, all of one moment. Runners that other replicas hold count too. */
    public Stats stats() {
        return atomically(then -> Stats.of(runners.values()));
    }

    /** The same of the control connections that this replica holds or lost. */
    public Stats localStats() {
        return atomically(then -> Stats.ofLocal(runners.values()));
    }

    /**
     * Fails all dials with {@link NoConnection}, then closes all control connections; later ones are closed at once.
     * Running streams go on until their callers close them. Idempotent.
     */
    @Override
    public void close() {
        atomically(then -> {
            closed = true;
            for (Runner runner : runners.values()) {
                runner.endGrace();
                runner.takeWaiting().forEach(dial -> fail(dial, new NoConnection(), then));
            }
            for (Dialer dialer : dialers.all()) {
                dialer.takeAll().forEach(dial -> fail(dial, new NoConnection(), then));
            }
            for (Dialer dialer : dialers.all()) {
                retire(dialer, STOPPING, then);
            }
            return true;
        });
    }

    /** A control connection ended, or must end. Does nothing if it is over already. */
    void lost(Dialer dialer, ControlEnd end) {
        atomically(then -> {
            if (dialer.over) {
                return false;
            }
            Runner runner = dialer.runner;
            boolean current = runner.current == dialer;
            retire(dialer, end, then);
            if (current) {
                long drop = ++runner.drops;
                runner.lostHere = dialer instanceof LocalDialer;
                runner.grace =
                        timers.schedule(() -> graceIsOver(runner, drop), gracePeriod.toNanos(), TimeUnit.NANOSECONDS);
                dialer.takeAll().forEach(dial -> await(runner, dial, then));
            }
            return true;
        });
    }

    /** The agent has answered the close of a control connection. */
    void closeConfirmed(Dialer dialer) {
        atomically(then -> {
            if (dialer.displaced) {
                dialer.displaced = false;
                dialer.runner.displacements.confirmed(dialer.agent, nanoTime.getAsLong());
            }
            return true;
        });
    }

    /** An agent has sent a pickup-failed. */
    void pickupFailed(LocalDialer dialer, PickupQuery pickup, String err) {
        atomically(then -> {
            if (err.equals(Listener.STOPPING)) {
                dialer.draining = true;
                closeIdle(dialer, then);
            }
            if (ids.isOwn(pickup.dialerId()) || pickup.dialerId().isEmpty()) {
                failPickup(dialer, pickup.requestId(), err, then);
            } else {
                var failed = new FailedPickup(dialer.runnerId(), pickup.dialerId(), pickup.requestId(), err);
                then.add(() -> othersPickups.accept(failed));
            }
            return true;
        });
    }

    /** Another replica has got a pickup-failed for a dial of this one. Ignored if it isn't about that runner. */
    public void pickupFailed(FailedPickup failed) {
        atomically(then -> {
            if (dialers.find(failed.dialerId()) instanceof RemoteDialer dialer
                    && dialer.runnerId().equals(failed.runnerId())) {
                if (failed.reason().equals(Listener.STOPPING)) {
                    closeIdle(dialer, then);
                }
                failPickup(dialer, failed.requestId(), failed.reason(), then);
            }
            return true;
        });
    }

    long now() {
        return nanoTime.getAsLong();
    }

    /** An idle stream is about to be used. Returns false if it was closed. */
    boolean begin(IdleStream stream) {
        return atomically(then -> {
            if (!stream.dialer.idle.remove(stream)) {
                return false;
            }
            stream.state = IdleStream.State.RUNNING;
            streamOpened(stream.dialer);
            return true;
        });
    }

    void closed(IdleStream stream) {
        boolean wasRunning = atomically(then -> {
            stream.dialer.idle.remove(stream);
            boolean running = stream.state == IdleStream.State.RUNNING;
            stream.state = IdleStream.State.CLOSED;
            return running;
        });
        if (wasRunning) {
            streamClosed(stream.dialer);
        }
    }

    private void place(PendingDial dial) {
        atomically(then -> {
            Runner runner = runners.get(dial.runnerId);
            if (runner != null && runner.current != null) {
                ask(runner.current, dial, then);
            } else if (runner != null && runner.grace != null) {
                await(runner, dial, then);
            } else {
                fail(dial, new NoConnection(), then);
            }
            return true;
        });
    }

    private void giveUp(PendingDial dial, DialFailure failure) {
        atomically(then -> {
            Runner runner = runners.get(dial.runnerId);
            if (runner != null
                    && (runner.waiting.remove(dial) || (runner.current != null && runner.current.take(dial)))) {
                fail(dial, failure, then);
            }
            return true;
        });
    }

    private void graceIsOver(Runner runner, long drop) {
        atomically(then -> {
            if (runner.grace != null && runner.drops == drop) {
                runner.grace = null;
                runner.takeWaiting().forEach(dial -> fail(dial, new ReconnectTimeout(gracePeriod), then));
                forgetIfIdle(runner);
                then.add(() -> log.info("{} did not come back within {} s", runner.id, gracePeriod.toSeconds()));
            }
            return true;
        });
    }

    private void streamClosed(Dialer dialer) {
        atomically(then -> {
            dialer.streams--;
            dialer.runner.streams--;
            retireIfIdle(dialer, then);
            forgetIfIdle(dialer.runner);
            return true;
        });
    }

    /** Changes the state under the lock; then, without it, runs what the change has added to its list. */
    private <T> T atomically(Function<List<Runnable>, T> change) {
        List<Runnable> then = new ArrayList<>();
        T result;
        lock.lock();
        try {
            result = change.apply(then);
        } finally {
            lock.unlock();
        }
        then.forEach(Runnable::run);
        return result;
    }

    // The rest is called under the lock.

    private Runner runnerToConnect(String runnerId) {
        return closed ? new Runner(runnerId) : runners.computeIfAbsent(runnerId, Runner::new);
    }

    private <T extends Dialer> T opened(T dialer, List<Runnable> then) {
        if (closed) {
            retire(dialer, STOPPING, then);
        } else {
            then.add(dialer::start);
            dialers.add(dialer);
        }
        return dialer;
    }

    private void takeOver(Runner runner, Dialer newer, List<Runnable> then) {
        Dialer older = runner.current;
        runner.endGrace();
        runner.current = newer;
        List<PendingDial> dials = older == null ? runner.takeWaiting() : older.takeAll();
        dials.forEach(dial -> ask(newer, dial, then));
        if (older != null) {
            closeIdle(older, then);
            noteDisplacement(older, newer, then);
            retireIfIdle(older, then);
        }
    }

    private static void failPickup(Dialer dialer, String requestId, String err, List<Runnable> then) {
        PendingDial dial = dialer.take(requestId);
        if (dial != null) {
            fail(dial, new PickupFailed(err), then);
        }
    }

    private void noteDisplacement(Dialer older, Dialer newer, List<Runnable> then) {
        if (older.agent.identity().equals(newer.agent.identity())) {
            return;
        }
        older.displaced = true;
        Runner runner = newer.runner;
        if (runner.displacements.displacedBy(newer.agent, nanoTime.getAsLong())) {
            then.add(() -> log.warn(
                    "Two agents use the id {} and displace one another: the one at {} and the one at {}."
                            + " Give each an id of its own",
                    runner.id,
                    older.agent,
                    newer.agent));
        }
    }

    private RunnerState state(Runner runner) {
        return runner.state(nanoTime.getAsLong());
    }

    private static void streamOpened(Dialer dialer) {
        dialer.streams++;
        dialer.runner.streams++;
    }

    private static void closeIdle(Dialer dialer, List<Runnable> then) {
        dialer.idle.forEach(stream -> then.add(stream::close));
        dialer.idle.clear();
    }

    private static void ask(Dialer dialer, PendingDial dial, List<Runnable> then) {
        if (!dialer.ask(dial)) {
            fail(dial, new MaxPendingDials(Dialer.MAX_ASKED), then);
        }
    }

    private static void await(Runner runner, PendingDial dial, List<Runnable> then) {
        if (dial.ahead) {
            fail(dial, new NoConnection(), then);
        } else if (runner.waiting.size() < MAX_PENDING_DIALS) {
            runner.waiting.add(dial);
        } else {
            fail(dial, new MaxPendingDials(MAX_PENDING_DIALS), then);
        }
    }

    private static void fail(PendingDial dial, DialFailure failure, List<Runnable> then) {
        then.add(() -> dial.fail(failure));
    }

    private void retireIfIdle(Dialer dialer, List<Runnable> then) {
        if (!dialer.over && dialer.runner.current != dialer && dialer.streams == 0) {
            retire(dialer, DISPLACED, then);
        }
    }

    private void retire(Dialer dialer, ControlEnd end, List<Runnable> then) {
        dialer.over = true;
        closeIdle(dialer, then);
        dialers.expire(dialer);
        then.add(() -> dialer.end(end));
        boolean current = dialer.runner.current == dialer;
        if (current) {
            dialer.runner.current = null;
        }
        if (current && dialer instanceof LocalDialer local) {
            events.lost(local, end);
        } else if (!current && dialer instanceof LocalDialer) {
            then.add(() -> log.info("A control connection of {} is over: {}", dialer.runnerId(), end.message()));
        }
    }

    private void forgetIfIdle(Runner runner) {
        if (runner.isForgettable()) {
            runners.remove(runner.id, runner);
        }
    }
}

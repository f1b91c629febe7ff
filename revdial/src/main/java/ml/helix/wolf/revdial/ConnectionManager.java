package ml.helix.wolf.revdial;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
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
 * <p>Thread safe. One lock guards the state of everything; transports, timers and callers are only called without it.
 * Each dial is settled by whoever takes it, under the lock, from the place where it waits. The longest lived part of a
 * control plane; {@link #close} fails every dial that waits.
 */
public final class ConnectionManager implements AutoCloseable {

    /** How many dials may wait for one id to come back. */
    public static final int MAX_PENDING_DIALS = 100;

    private static final Logger log = LoggerFactory.getLogger(ConnectionManager.class);

    private static final ControlEnd STOPPING = new ControlEnd(ControlEnd.Cause.CLOSED, "the control plane is stopping");

    private static final ControlEnd REPLACED =
            new ControlEnd(ControlEnd.Cause.REPLACED, "replaced by another agent with this id");

    private final Duration gracePeriod;
    private final Duration dialTimeout;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final SecureRandom random = new SecureRandom();
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock, and so is what is inside.
    private final Map<String, Runner> runners = new HashMap<>();
    private final Map<String, Dialer> dialers = new HashMap<>();
    private final ExpiredDialers expired = new ExpiredDialers();
    private boolean closed;

    /**
     * @param gracePeriod how long an id that dropped is expected back
     * @param dialTimeout what a dial may take in all
     * @param timers runs short tasks only; see {@link Timers}. To be shut down after this is closed
     * @param nanoTime the clock that {@code timers} goes by
     */
    public ConnectionManager(
            Duration gracePeriod, Duration dialTimeout, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this.gracePeriod = gracePeriod;
        this.dialTimeout = dialTimeout;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /**
     * A control connection is up. It takes over from an older one of the same id at once: dials that still wait for a
     * pickup are asked for again here, and the older one is closed when its running streams are done.
     *
     * @return what the transport pushes the agent's bytes into; {@link Dialer#disconnected} once it is gone
     */
    public Dialer connected(String runnerId, RemoteAgent agent, ControlSender control) {
        return atomically(then -> {
            Runner runner = closed ? new Runner(runnerId) : runners.computeIfAbsent(runnerId, Runner::new);
            Dialer dialer = opened(runner, agent, control, then);
            if (closed) {
                return dialer;
            }
            Dialer older = runner.current;
            runner.endGrace();
            runner.current = dialer;
            List<PendingDial> dials = older == null ? runner.takeWaiting() : older.takeAll();
            dials.forEach(dial -> ask(dialer, dial, then));
            if (older != null) {
                noteDisplacement(older, dialer, then);
                retireIfIdle(older, then);
            }
            return dialer;
        });
    }

    /**
     * A control connection that is only a trial is up, as {@code doctor} opens it: it gets its keep-alives, and is in
     * nothing else of what is kept here. It displaces nobody, is never dialled, and is not counted.
     *
     * @return as {@link #connected}
     */
    public Dialer trialConnected(String runnerId, RemoteAgent agent, ControlSender control) {
        return atomically(then -> opened(new Runner(runnerId), agent, control, then));
    }

    /** Whose control connection has this dialer id; empty where none has it now. */
    public Optional<String> runnerIdOf(String dialerId) {
        return atomically(then -> Optional.ofNullable(dialers.get(dialerId)).map(Dialer::runnerId));
    }

    /** Whether a data connection that names this dialer may be accepted: to be asked before its upgrade. */
    public DialerState dialerState(String dialerId) {
        return atomically(then -> dialers.containsKey(dialerId)
                ? DialerState.UP
                : expired.contains(dialerId) ? DialerState.EXPIRED : DialerState.UNKNOWN);
    }

    /**
     * A data connection is up. The dial that asked for it gets it; where that no longer waits, it is closed at once.
     *
     * @return whether somebody waited for it
     */
    public boolean deliver(String dialerId, String requestId, ByteStream stream) {
        return atomically(then -> {
            Dialer dialer = dialers.get(dialerId);
            PendingDial dial = dialer == null ? null : dialer.take(requestId);
            if (dialer == null || dial == null) {
                then.add(stream::close);
                return false;
            }
            dialer.streams++;
            dialer.runner.streams++;
            ByteStream running = new RunningStream(stream, () -> streamClosed(dialer));
            then.add(() -> dial.succeed(running));
            return true;
        });
    }

    /**
     * Opens a stream to the agent of that id; waits for an id that dropped to come back. The caller closes the stream:
     * until then it counts as running.
     *
     * @throws DialException for each kind of {@link DialFailure}
     * @throws InterruptedException where the caller gave up; nothing is left open
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
     * Begins a dial and returns at once. {@link PendingDial#await} gives its outcome, within the dial timeout; the
     * stream that it gives is the caller's to close. {@link #withdraw} takes the dial back.
     */
    public PendingDial startDial(String runnerId) {
        PendingDial dial = new PendingDial(runnerId, randomId());
        place(dial);
        if (!dial.isSettled()) {
            dial.setTimeout(timers.schedule(
                    () -> giveUp(dial, new DialTimeout(dialTimeout)), dialTimeout.toNanos(), TimeUnit.NANOSECONDS));
        }
        return dial;
    }

    /**
     * Takes a dial back, whatever its state, for a caller that has gone. A dial that waits gives up its place at once
     * and fails with {@link Withdrawn}; a pickup that comes for it later is closed. A dial that was picked up has its
     * stream closed. Idempotent, from any thread.
     */
    public void withdraw(PendingDial dial) {
        giveUp(dial, new Withdrawn());
        dial.abandon();
    }

    /** What is known of every id that is connected, in its grace period or has running streams. A snapshot. */
    public List<RunnerState> runners() {
        return atomically(then -> runners.values().stream().map(this::state).toList());
    }

    /** What is known of one id; empty where that is nothing. */
    public Optional<RunnerState> runner(String runnerId) {
        return atomically(then -> Optional.ofNullable(runners.get(runnerId)).map(this::state));
    }

    /** The four numbers, all of one moment. */
    public Stats stats() {
        return atomically(then -> Stats.of(runners.values()));
    }

    /**
     * Fails all dials with {@link NoConnection}, then closes all control connections; later ones are closed at once.
     * Running streams are their callers'. Idempotent.
     */
    @Override
    public void close() {
        atomically(then -> {
            closed = true;
            for (Runner runner : runners.values()) {
                runner.endGrace();
                runner.current = null;
                runner.takeWaiting().forEach(dial -> fail(dial, new NoConnection(), then));
            }
            for (Dialer dialer : dialers.values()) {
                dialer.takeAll().forEach(dial -> fail(dial, new NoConnection(), then));
            }
            for (Dialer dialer : List.copyOf(dialers.values())) {
                retire(dialer, STOPPING, then);
            }
            return true;
        });
    }

    /** A control connection is gone, or of no more use. */
    void lost(Dialer dialer, ControlEnd end) {
        atomically(then -> {
            if (dialer.over) {
                return false;
            }
            Runner runner = dialer.runner;
            retire(dialer, end, then);
            if (runner.current == dialer) {
                runner.current = null;
                long drop = ++runner.drops;
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

    void pickupFailed(Dialer dialer, String requestId, String err) {
        atomically(then -> {
            dialer.draining |= err.equals(Listener.STOPPING);
            PendingDial dial = dialer.take(requestId);
            if (dial != null) {
                fail(dial, new PickupFailed(err), then);
            }
            return true;
        });
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

    /** Changes the state under the lock, then calls out without it. */
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

    private Dialer opened(Runner runner, RemoteAgent agent, ControlSender control, List<Runnable> then) {
        Dialer dialer = new Dialer(this, runner, randomId(), agent, control, timers);
        if (closed) {
            retire(dialer, STOPPING, then);
        } else {
            then.add(dialer::start);
            dialers.put(dialer.id, dialer);
        }
        return dialer;
    }

    private void noteDisplacement(Dialer older, Dialer newer, List<Runnable> then) {
        if (older.agent.identity().equals(newer.agent.identity())) {
            return;
        }
        older.displaced = true;
        Runner runner = newer.runner;
        if (runner.displacements.isReportable(newer.agent, nanoTime.getAsLong())) {
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

    private static void ask(Dialer dialer, PendingDial dial, List<Runnable> then) {
        if (!dialer.ask(dial)) {
            fail(dial, new MaxPendingDials(Dialer.MAX_ASKED), then);
        }
    }

    private static void await(Runner runner, PendingDial dial, List<Runnable> then) {
        if (runner.waiting.size() < MAX_PENDING_DIALS) {
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
            retire(dialer, REPLACED, then);
        }
    }

    private void retire(Dialer dialer, ControlEnd end, List<Runnable> then) {
        dialer.over = true;
        dialers.remove(dialer.id);
        expired.add(dialer.id);
        then.add(() -> {
            dialer.end(end);
            log.info("A control connection of {} is over: {}", dialer.runnerId(), end.message());
        });
    }

    private void forgetIfIdle(Runner runner) {
        if (runner.isForgettable()) {
            runners.remove(runner.id, runner);
        }
    }

    private String randomId() {
        byte[] id = new byte[16];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }
}

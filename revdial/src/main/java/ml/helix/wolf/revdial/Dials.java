package ml.helix.wolf.revdial;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;

/**
 * The dials to the runners of one {@link ConnectionManager}, from their start to the end of their streams. Thread-safe, under
 * the manager's lock; streams and callers are only called without it.
 */
public final class Dials {

    /** How many dials may wait for one id to come back. */
    public static final int MAX_WAITING = 100;

    private final Runners runners;
    private final Duration timeout;
    private final ScheduledExecutorService timers;
    private final DialerIds ids;
    private final Consumer<FailedPickup> othersPickups;

    Dials(
            Runners runners,
            Duration timeout,
            ScheduledExecutorService timers,
            DialerIds ids,
            Consumer<FailedPickup> othersPickups) {
        this.runners = runners;
        this.timeout = timeout;
        this.timers = timers;
        this.ids = ids;
        this.othersPickups = othersPickups;
    }

    /**
     * Opens a stream to the agent of that id. Waits if the id is in its grace period. The caller closes the stream; until
     * then it counts as running.
     *
     * @throws DialException for each kind of {@link DialFailure}
     * @throws InterruptedException if the caller is interrupted; nothing is left open
     */
    public ByteStream dial(String runnerId) throws DialException, InterruptedException {
        PendingDial dial = start(runnerId);
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
    public PendingDial start(String runnerId) {
        return start(new PendingDial(runnerId, DialerIds.requestId(), /* ahead= */ false));
    }

    /**
     * As {@link #start}, for a stream that nobody needs yet: its stream is an {@link IdleStream}. It fails with {@link
     * NoConnection} instead of waiting for an id to come back.
     */
    public PendingDial startAhead(String runnerId) {
        return start(new PendingDial(runnerId, DialerIds.requestId(), /* ahead= */ true));
    }

    private PendingDial start(PendingDial dial) {
        place(dial);
        if (!dial.isSettled()) {
            dial.setTimeout(timers.schedule(
                    () -> giveUp(dial, new DialTimeout(timeout)), timeout.toNanos(), TimeUnit.NANOSECONDS));
        }
        return dial;
    }

    private void place(PendingDial dial) {
        runners.atomically(then -> {
            Runner runner = runners.find(dial.runnerId);
            if (runner == null) {
                dial.fail(new NoConnection(), then);
            } else {
                runner.place(dial, then);
            }
            return true;
        });
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

    private void giveUp(PendingDial dial, DialFailure failure) {
        runners.atomically(then -> {
            Runner runner = runners.find(dial.runnerId);
            if (runner != null && runner.take(dial)) {
                dial.fail(failure, then);
            }
            return true;
        });
    }

    /** The runner id whose control connection has this dialer id now. */
    public Optional<String> runnerIdOf(String dialerId) {
        return runners.atomically(
                then -> Optional.ofNullable(runners.dialers().find(dialerId)).map(Dialer::runnerId));
    }

    /** Whether a data connection that names this dialer may be accepted. Ask before its upgrade. */
    public DialerState dialerState(String dialerId) {
        return runners.atomically(then -> runners.dialers().state(dialerId));
    }

    /**
     * A data connection is up. The dial that asked for it gets it. If that dial no longer waits, the data connection is
     * closed at once.
     *
     * @return whether a dial waited for it
     */
    public boolean deliver(String dialerId, String requestId, ByteStream stream) {
        return runners.atomically(then -> {
            Dialer dialer = runners.dialers().find(dialerId);
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
                dialer.streamOpened();
                delivered = new WatchedStream(stream, () -> streamClosed(dialer));
            }
            then.add(() -> dial.succeed(delivered));
            return true;
        });
    }

    /**
     * A data connection is free for another stream, which nobody needs yet.
     *
     * @param dialerId that the data connection was picked up for
     * @return the stream; empty if the runner is reached in another way now or its agent stops, and the stream was closed
     */
    public Optional<IdleStream> deliverAgain(String dialerId, ByteStream stream) {
        return runners.atomically(then -> {
            Dialer dialer = runners.dialers().find(dialerId);
            boolean stops = dialer instanceof LocalDialer local && local.draining;
            if (dialer == null || dialer.runner.current != dialer || stops) {
                then.add(stream::close);
                return Optional.empty();
            }
            var idle = new IdleStream(this, dialer, stream);
            dialer.idle.add(idle);
            return Optional.of(idle);
        });
    }

    /** An idle stream is about to be used. Returns false if it was closed. */
    boolean begin(IdleStream stream) {
        return runners.atomically(then -> {
            if (!stream.dialer.idle.remove(stream)) {
                return false;
            }
            stream.state = IdleStream.State.RUNNING;
            stream.dialer.streamOpened();
            return true;
        });
    }

    void closed(IdleStream stream) {
        boolean wasRunning = runners.atomically(then -> {
            stream.dialer.idle.remove(stream);
            boolean running = stream.state == IdleStream.State.RUNNING;
            stream.state = IdleStream.State.CLOSED;
            return running;
        });
        if (wasRunning) {
            streamClosed(stream.dialer);
        }
    }

    private void streamClosed(Dialer dialer) {
        runners.atomically(then -> {
            runners.streamClosed(dialer, then);
            return true;
        });
    }

    /** An agent has sent a pickup-failed. */
    void pickupFailed(LocalDialer dialer, PickupQuery pickup, String err) {
        runners.atomically(then -> {
            if (err.equals(Listener.STOPPING)) {
                dialer.draining = true;
                dialer.closeIdle(then);
            }
            if (ids.isOwn(pickup.dialerId()) || pickup.dialerId().isEmpty()) {
                fail(dialer, pickup.requestId(), err, then);
            } else {
                var failed = new FailedPickup(dialer.runnerId(), pickup.dialerId(), pickup.requestId(), err);
                then.add(() -> othersPickups.accept(failed));
            }
            return true;
        });
    }

    /** Another replica has got a pickup-failed for a dial of this one. Ignored if it isn't about that runner. */
    public void pickupFailed(FailedPickup failed) {
        runners.atomically(then -> {
            if (runners.dialers().find(failed.dialerId()) instanceof RemoteDialer dialer
                    && dialer.runnerId().equals(failed.runnerId())) {
                if (failed.reason().equals(Listener.STOPPING)) {
                    dialer.closeIdle(then);
                }
                fail(dialer, failed.requestId(), failed.reason(), then);
            }
            return true;
        });
    }

    private static void fail(Dialer dialer, String requestId, String err, List<Runnable> then) {
        PendingDial dial = dialer.take(requestId);
        if (dial != null) {
            dial.fail(new PickupFailed(err), then);
        }
    }

    /** How many streams run to each id; ids without one are left out. */
    public Map<String, Integer> streams() {
        return runners.atomically(then -> runners.all().stream()
                .filter(runner -> runner.streams > 0)
                .collect(Collectors.toMap(runner -> runner.id, runner -> runner.streams)));
    }

    /** How many dials wait, for a pickup or for an id to come back. */
    public int pending() {
        return runners.atomically(then -> runners.all().stream()
                        .mapToInt(runner -> runner.waiting.size())
                        .sum()
                + runners.dialers().all().stream().mapToInt(Dialer::askedCount).sum());
    }
}

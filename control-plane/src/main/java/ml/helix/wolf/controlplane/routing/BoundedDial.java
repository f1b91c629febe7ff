package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.dialing.WrappedDial;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;

/** A dial that is withdrawn after a time of its own, and fails with {@code DialTimeout} then. Thread safe. */
final class BoundedDial extends WrappedDial {
    private final String runnerId;
    private final Duration limit;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITS);
    private final Future<?> timer;

    private enum State {
        WAITS,
        SETTLED,
        EXPIRED
    }

    BoundedDial(String runnerId, Dial dial, Duration limit, ScheduledExecutorService timers) {
        super(dial);
        this.runnerId = runnerId;
        this.limit = limit;
        this.timer = timers.schedule(this::expire, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void expire() {
        if (state.compareAndSet(State.WAITS, State.EXPIRED)) {
            super.withdraw();
        }
    }

    @Override
    public ByteStream await() throws DialException, InterruptedException {
        try {
            ByteStream stream = super.await();
            if (!state.compareAndSet(State.WAITS, State.SETTLED)) {
                stream.close();
                throw expired();
            }
            return stream;
        } catch (DialException e) {
            throw state.get() == State.EXPIRED ? expired() : e;
        } finally {
            timer.cancel(false);
        }
    }

    private DialException expired() {
        return new DialException(runnerId, new DialTimeout(limit));
    }

    @Override
    public void withdraw() {
        timer.cancel(false);
        super.withdraw();
    }
}

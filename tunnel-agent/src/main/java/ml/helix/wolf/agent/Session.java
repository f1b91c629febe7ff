package ml.helix.wolf.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ml.helix.wolf.agent.control.Link;
import ml.helix.wolf.agent.control.RunnerToken;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A control connection on a thread of its own, and what has become of it. Started once. Thread-safe. */
final class Session {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final RunnerToken token;
    private final Link link;
    private final Consumer<Session> onUp;
    private final CountDownLatch decided = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile boolean up;
    private volatile Optional<TunnelException> why = Optional.empty();

    /** @param onUp called once, on the session's thread, where the connection comes up */
    Session(RunnerToken token, Link link, Consumer<Session> onUp) {
        this.token = token;
        this.link = link;
        this.onUp = onUp;
    }

    void start() {
        Thread.ofVirtual().name("control-connection").start(this::serve);
    }

    RunnerToken token() {
        return token;
    }

    void drain() {
        link.drain();
    }

    void close() {
        link.close();
    }

    boolean isUp() {
        return up && over.getCount() > 0;
    }

    /** Waits until it has come up; false where it never did. */
    boolean awaitUp() throws InterruptedException {
        decided.await();
        return up;
    }

    /** The same for a while; whether it is up then. */
    boolean awaitUp(Duration longest) throws InterruptedException {
        return decided.await(longest.toMillis(), TimeUnit.MILLISECONDS) && isUp();
    }

    /** Waits for the end: why, or nothing where we closed it. */
    Optional<TunnelException> awaitEnd() throws InterruptedException {
        over.await();
        return why;
    }

    /** Waits for the end, or until the time is over. */
    void awaitEnd(Duration longest) throws InterruptedException {
        boolean _ = over.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void serve() {
        try {
            link.serve(() -> {
                up = true;
                onUp.accept(this);
                decided.countDown();
            });
        } catch (TunnelException e) {
            why = Optional.of(e);
        } catch (RuntimeException | Error e) {
            why = Optional.of(fault(e));
        } finally {
            over.countDown();
            decided.countDown();
        }
    }

    /** Logs what should not be, and says it in the tunnel's words. */
    static TunnelException fault(Throwable e) {
        LOG.error("A fault of the agent ended the control connection", e);
        return new TunnelException(
                FailureReason.PROTOCOL_ERROR,
                "the agent has a fault: " + e.getClass().getSimpleName(),
                e);
    }
}

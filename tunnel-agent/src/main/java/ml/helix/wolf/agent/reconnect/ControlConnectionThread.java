package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.token.RunnerToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves one control connection on a thread of its own and keeps the outcome. Started once. Thread-safe. */
final class ControlConnectionThread {
    private static final Logger LOG = LoggerFactory.getLogger(ControlConnectionThread.class);

    private final RunnerToken token;
    private final ControlConnection connection;
    private final Consumer<ControlConnectionThread> onUp;
    private final Consumer<ControlConnectionThread> onReconnect;
    private final CountDownLatch upOrFailed = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean cameUp;
    private volatile Optional<TunnelException> failure = Optional.empty();

    /**
     * @param onUp called at most once, on the new thread, when the connection comes up
     * @param onReconnect called when the server asks for another connection beside this one; must not block
     */
    ControlConnectionThread(
            RunnerToken token,
            ControlConnection connection,
            Consumer<ControlConnectionThread> onUp,
            Consumer<ControlConnectionThread> onReconnect) {
        this.token = token;
        this.connection = connection;
        this.onUp = onUp;
        this.onReconnect = onReconnect;
    }

    void start() {
        Thread.ofVirtual().name("control-connection").start(this::serve);
    }

    RunnerToken token() {
        return token;
    }

    void drain() {
        connection.drain();
    }

    boolean isPickingUp() {
        return connection.isPickingUp();
    }

    void close() {
        connection.close();
    }

    boolean isUp() {
        return cameUp && ended.getCount() > 0;
    }

    /** Waits until the connection has come up, or can't any more. Returns whether it came up. */
    boolean awaitUp() throws InterruptedException {
        upOrFailed.await();
        return cameUp;
    }

    /** Waits at most {@code timeout}. Returns whether the connection is up then. */
    boolean awaitUp(Duration timeout) throws InterruptedException {
        return upOrFailed.await(timeout.toMillis(), TimeUnit.MILLISECONDS) && isUp();
    }

    /** Waits for the end. Returns the failure, empty if this side closed the connection. */
    Optional<TunnelException> awaitEnd() throws InterruptedException {
        ended.await();
        return failure;
    }

    /** Waits for the end, at most {@code timeout}. */
    void awaitEnd(Duration timeout) throws InterruptedException {
        boolean _ = ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void serve() {
        try {
            connection.serve(
                    () -> {
                        cameUp = true;
                        onUp.accept(this);
                        upOrFailed.countDown();
                    },
                    () -> onReconnect.accept(this));
        } catch (TunnelException e) {
            failure = Optional.of(e);
        } catch (RuntimeException | Error e) {
            failure = Optional.of(fault(e));
        } finally {
            ended.countDown();
            upOrFailed.countDown();
        }
    }

    /** Logs a bug of the agent, and reports it as a ProtocolError. */
    static TunnelException fault(Throwable e) {
        LOG.error("A fault of the agent ended the control connection", e);
        return new TunnelException(
                FailureReason.PROTOCOL_ERROR,
                "the agent has a fault: " + e.getClass().getSimpleName(),
                e);
    }
}

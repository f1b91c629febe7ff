package ml.helix.wolf.revdial;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One dial from its start to its outcome. {@link Dials#start} makes it, {@link Dials#withdraw} takes
 * it back. Thread-safe.
 *
 * <p>It is in one place at a time: it is asked for at one {@link Dialer}, or waits at its {@link Runner}, or is settled.
 * Whoever takes it out of its place, under the manager's lock, settles it afterwards.
 */
public final class PendingDial {
    final String runnerId;
    final String requestId;
    /** Nobody needs its stream yet: it becomes an {@link IdleStream}. */
    final boolean ahead;

    /** When its last conn-ready was sent, by the manager's clock; 0 before. Written under the manager's lock. */
    private volatile long asked;

    private final CompletableFuture<ByteStream> outcome = new CompletableFuture<>();
    /** Set once, if the dial has to wait. */
    private volatile @Nullable Future<?> timeout;

    PendingDial(String runnerId, String requestId, boolean ahead) {
        this.runnerId = runnerId;
        this.requestId = requestId;
        this.ahead = ahead;
    }

    /**
     * Waits for the outcome.
     *
     * @return the stream; the caller closes it, and until then it counts as running
     * @throws DialException for each kind of {@link DialFailure}
     * @throws InterruptedException if this thread is interrupted; the dial goes on until it is withdrawn
     */
    public ByteStream await() throws DialException, InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DialException failed) {
                throw failed;
            }
            throw new IllegalStateException("a dial can only fail with a DialException", e);
        }
    }

    /** @param timer ends the dial; cancelled when the dial is settled */
    void setTimeout(Future<?> timer) {
        timeout = timer;
        if (isSettled()) {
            timer.cancel(false);
        }
    }

    void succeed(ByteStream stream) {
        cancelTimeout();
        outcome.complete(stream);
        cancelTimeout(); // for a setTimeout that came meanwhile and did not see the outcome yet
    }

    void fail(DialFailure failure) {
        cancelTimeout();
        outcome.completeExceptionally(new DialException(runnerId, failure));
        cancelTimeout();
    }

    /** Fails it after the change. Call under the manager's lock, by whoever took it out of its place. */
    void fail(DialFailure failure, List<Runnable> then) {
        then.add(() -> fail(failure));
    }

    private void cancelTimeout() {
        Future<?> timer = timeout;
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** What conn-readies and log lines name it by; 32 hex digits. */
    public String id() {
        return requestId;
    }

    void asked(long nanos) {
        asked = nanos;
    }

    /** When its last conn-ready was sent, in the manager's {@code nanoTime}; empty if none was. */
    public OptionalLong askedAt() {
        return asked == 0 ? OptionalLong.empty() : OptionalLong.of(asked);
    }

    /** Whether {@link #await} returns at once. */
    public boolean isSettled() {
        return outcome.isDone();
    }

    /** Closes the stream that has come or may still come. */
    void abandon() {
        outcome.thenAccept(ByteStream::close);
    }
}

package ml.helix.wolf.revdial;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One dial from its call to its outcome. It is in at most one place at a time: asked for at one {@link Dialer}, waiting
 * at its {@link Runner}, or settled; who takes it out of there, under the manager's lock, settles it afterwards.
 */
final class PendingDial {
    final String runnerId;
    final String requestId;
    private final CompletableFuture<ByteStream> outcome = new CompletableFuture<>();

    PendingDial(String runnerId, String requestId) {
        this.runnerId = runnerId;
        this.requestId = requestId;
    }

    void succeed(ByteStream stream) {
        outcome.complete(stream);
    }

    void fail(DialFailure failure) {
        outcome.completeExceptionally(new DialException(runnerId, failure));
    }

    boolean isSettled() {
        return outcome.isDone();
    }

    /** Closes the stream if one comes, or has come, after all. */
    void abandon() {
        outcome.thenAccept(ByteStream::close);
    }

    ByteStream await() throws DialException, InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DialException failed) {
                throw failed;
            }
            throw new IllegalStateException("a dial can only fail with a DialException", e);
        }
    }
}

package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/** A pickup whose outcome the test decides: each call waits for it in {@link #calls}. */
final class FakePickup implements Pickup {
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    final BlockingQueue<PickupException> failures = new LinkedBlockingQueue<>();

    static final class Call implements PreparedSplice {
        final ConnPath connPath;
        final CompletableFuture<Exception> outcome = new CompletableFuture<>();
        final CompletableFuture<Void> interrupted = new CompletableFuture<>();
        final CompletableFuture<Void> served = new CompletableFuture<>();
        final CompletableFuture<Void> closed = new CompletableFuture<>();
        /** Whether an interrupt doesn't end the wait, as with a DNS lookup. */
        volatile boolean deaf;

        Call(ConnPath connPath) {
            this.connPath = connPath;
        }

        void succeed() {
            outcome.complete(null);
        }

        void fail(Exception e) {
            outcome.complete(e);
        }

        @Override
        public void run() {
            served.complete(null);
        }

        @Override
        public void close() {
            closed.complete(null);
        }
    }

    @Override
    public PreparedSplice pickUp(ConnPath connPath) throws IOException, InterruptedException {
        Call call = new Call(connPath);
        calls.add(call);
        Exception failure = await(call);
        switch (failure) {
            case null -> {
                return call;
            }
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new AssertionError(failure);
        }
    }

    private static Exception await(Call call) throws InterruptedException {
        try {
            return call.outcome.get();
        } catch (InterruptedException e) {
            call.interrupted.complete(null);
            if (call.deaf) {
                return call.outcome.join();
            }
            throw e;
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void failed(PickupException failure) {
        failures.add(failure);
    }
}

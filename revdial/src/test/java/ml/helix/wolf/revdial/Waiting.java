package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Bounded waits for what other threads do. The bound is only ever reached by a failing test. */
final class Waiting {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private Waiting() {}

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("waited too long until " + what).isLessThan(deadline);
            LockSupport.parkNanos(200_000);
        }
    }

    static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(BOUND.toSeconds(), TimeUnit.SECONDS);
        assertThat(next).as("nothing came within " + BOUND).isNotNull();
        return next;
    }

    static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    }

    static Throwable failure(CompletableFuture<?> future) throws Exception {
        try {
            throw new AssertionError("it should have failed, and gave " + result(future));
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    /** Runs something that blocks on a virtual thread of its own. */
    static <T> CompletableFuture<T> async(Callable<T> blocking) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                future.complete(blocking.call());
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }
}

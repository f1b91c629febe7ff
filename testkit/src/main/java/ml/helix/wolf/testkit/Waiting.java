package ml.helix.wolf.testkit;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Bounded waits for what other threads do. Only a failing test ever reaches the bound. */
public final class Waiting {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private Waiting() {}

    /** Waits until the condition holds. */
    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() >= deadline) {
                throw new AssertionError("waited for " + BOUND + " until " + what);
            }
            LockSupport.parkNanos(200_000);
        }
    }

    /** Waits for the next element. */
    public static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(BOUND.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within " + BOUND);
        }
        return next;
    }

    /** Waits for the result; a failure is an ExecutionException. */
    public static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    }

    /** Waits for the failure. */
    public static Throwable failure(CompletableFuture<?> future) throws Exception {
        try {
            throw new AssertionError("it should have failed, and gave " + result(future));
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }

    /** Runs something that blocks on a virtual thread of its own. */
    public static <T> CompletableFuture<T> async(Callable<T> blocking) {
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

package ml.helix.wolf.revdial;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A bounded number of platform threads, lent to virtual threads whose streams are busy. A byte that arrives wakes one thread of the system if a
 * platform thread waits for it. If a virtual thread does, it wakes two, one after the other: the JDK's poller and a carrier.
 *
 * <p>A platform thread costs more memory and, where many are busy, more switches. So there are few ({@link #count}), and they end after 10 s without work.
 */
final class PlatformThreads {
    /** Those of the whole process. */
    static final PlatformThreads SHARED =
            new PlatformThreads(count(Runtime.getRuntime().maxMemory()));

    private static final int KEPT_SECONDS = 10;

    private final Semaphore free;
    private final Executor threads;

    PlatformThreads(int count) {
        this.free = new Semaphore(count);
        var pool = new ThreadPoolExecutor(
                count,
                count,
                KEPT_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("busy-stream-", 0).factory());
        pool.allowCoreThreadTimeOut(true);
        this.threads = pool;
    }

    /**
     * How many a process of that size has: 4 to 32, one for each 8 MiB of heap. With stack, malloc's arena and the JDK's buffers one takes 0.6 MiB of RSS.
     *
     * @param heap bytes at most
     */
    static int count(long heap) {
        return Math.clamp(heap / (8 * 1024 * 1024), 4, 32);
    }

    /**
     * Runs {@code work} on a platform thread, and returns when it is over. An interrupt doesn't end the waiting.
     *
     * @return false, at once and without running it, if all threads are lent
     * @throws java.util.concurrent.CompletionException around what {@code work} throws
     */
    boolean run(Runnable work) {
        if (!free.tryAcquire()) {
            return false;
        }
        StreamLog about = StreamLog.current();
        CompletableFuture.runAsync(
                        () -> {
                            try {
                                about.run(work);
                            } finally {
                                free.release();
                            }
                        },
                        threads)
                .join();
        return true;
    }
}

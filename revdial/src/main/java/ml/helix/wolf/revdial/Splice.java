package ml.helix.wolf.revdial;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Copies the bytes of each of two streams to the other, with one buffer per direction and no queue: a side that takes no
 * bytes stops the reading from the other one. A buffer begins with 4 KiB, and has 16 KiB once a read has filled it.
 *
 * <p>A direction runs on a virtual thread. While it is busy ({@link Pace}) it runs on a platform thread, with up to 64 KiB of buffer, if one of
 * {@link PlatformThreads} is free.
 *
 * <p>The first end of either side, in order or by an error, closes both. Every byte that this side sent before is written to
 * the other side first. There is no half-close. For one use, by one thread.
 */
public final class Splice {
    private static final int FIRST_BUFFER = 4 * 1024;
    private static final int LARGEST_BUFFER = 16 * 1024;
    private static final int BUSY_BUFFER = 64 * 1024;
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Direction there;
    private final Direction back;
    private final Duration linger;
    private final LongSupplier nanoTime;
    private final PlatformThreads threads;
    private final AtomicReference<@Nullable End> end = new AtomicReference<>();

    /**
     * How a splice ended.
     *
     * @param left whether the left stream ended it, else the right one
     * @param error what broke the stream; null if it ended in order
     */
    public record End(boolean left, @Nullable IOException error) {}

    /**
     * Takes both streams over: {@link #run} closes them.
     *
     * @param toRight called after each write to the right stream with its number of bytes; must not block
     * @param toLeft the same for the left stream
     */
    public Splice(ByteStream left, ByteStream right, LongConsumer toRight, LongConsumer toLeft) {
        this(left, right, toRight, toLeft, LINGER, System::nanoTime, PlatformThreads.SHARED);
    }

    /** @param linger how long a side that takes no more bytes may send nothing before it is closed */
    Splice(
            ByteStream left,
            ByteStream right,
            LongConsumer toRight,
            LongConsumer toLeft,
            Duration linger,
            LongSupplier nanoTime,
            PlatformThreads threads) {
        this.there = new Direction(true, left, right, toRight);
        this.back = new Direction(false, right, left, toLeft);
        this.linger = linger;
        this.nanoTime = nanoTime;
        this.threads = threads;
    }

    /** Copies until both directions have ended. */
    public End run() {
        Thread other = Thread.ofVirtual().name("splice-back").start(() -> back.run(there));
        there.run(back);
        joinUninterruptibly(other);
        End first = end.get();
        if (first == null) {
            throw new IllegalStateException("both directions ended and neither said why");
        }
        return first;
    }

    private void close(End reason) {
        end.compareAndSet(null, reason);
        there.from.close();
        back.from.close();
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Direction {
        private final boolean fromLeft;
        private final ByteStream from;
        private final ByteStream to;
        private final LongConsumer count;
        private final CountDownLatch over = new CountDownLatch(1);
        /** Even while in a read, odd otherwise. Written by this direction's thread only. */
        private volatile long phase = 1;

        private final Pace pace = new Pace();
        private byte[] buffer = new byte[FIRST_BUFFER];
        private int largest = LARGEST_BUFFER;
        /** Belongs, like those above, to the thread that runs this direction now. */
        private boolean ended;

        Direction(boolean fromLeft, ByteStream from, ByteStream to, LongConsumer count) {
            this.fromLeft = fromLeft;
            this.from = from;
            this.to = to;
            this.count = count;
        }

        void run(Direction opposite) {
            try {
                while (!ended) {
                    copy(opposite, pace::isBusy);
                    if (!ended) {
                        threads.run(() -> copyBusily(opposite));
                    }
                }
            } finally {
                over.countDown();
                from.close();
                to.close();
            }
        }

        /** Copies until the end, or until {@code another} thread should go on. */
        private void copy(Direction opposite, BooleanSupplier another) {
            var slice = new TimeSlice(nanoTime);
            while (copyOnce(opposite)) {
                pace.read(nanoTime.getAsLong());
                if (another.getAsBoolean()) {
                    return;
                }
                slice.next();
            }
            ended = true;
        }

        private void copyBusily(Direction opposite) {
            largest = BUSY_BUFFER;
            copy(opposite, pace::isQuiet);
            largest = LARGEST_BUFFER;
            buffer = new byte[FIRST_BUFFER];
        }

        /** Returns whether the stream goes on. */
        private boolean copyOnce(Direction opposite) {
            int read;
            phase++;
            try {
                read = from.read(buffer, 0, buffer.length);
            } catch (IOException e) {
                close(new End(fromLeft, e));
                return false;
            }
            phase++;
            if (read < 0) {
                close(new End(fromLeft, null));
                return false;
            }
            try {
                to.write(buffer, 0, read);
            } catch (IOException e) {
                // That side takes no more bytes, but what it sent before may still be on its way to us.
                end.compareAndSet(null, new End(!fromLeft, e));
                over.countDown();
                opposite.awaitOver();
                return false;
            }
            count.accept(read);
            if (read == buffer.length && read < largest) {
                buffer = new byte[4 * read];
            }
            return true;
        }

        /** Waits until this direction has ended, or one of its reads has waited for the linger time. */
        private void awaitOver() {
            try {
                long before;
                do {
                    before = phase;
                    if (over.await(linger.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                } while (before % 2 == 1 || before != phase);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

package ml.helix.wolf.playground.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Polls until something is true. */
final class Await {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(150);

    private Await() {}

    /** @throws DemoFailure if the condition doesn't hold within {@code deadline} */
    static void until(String what, Duration deadline, List<Path> logs, BooleanSupplier condition)
            throws DemoFailure, InterruptedException {
        value(what, deadline, logs, () -> Optional.of(true).filter(yes -> condition.getAsBoolean()));
    }

    /**
     * The first value that {@code poll} returns.
     *
     * @throws DemoFailure if it returns none within {@code deadline}
     */
    static <T> T value(String what, Duration deadline, List<Path> logs, Supplier<Optional<T>> poll)
            throws DemoFailure, InterruptedException {
        long end = System.nanoTime() + deadline.toNanos();
        while (true) {
            Optional<T> value = poll.get();
            if (value.isPresent()) {
                return value.get();
            }
            if (System.nanoTime() > end) {
                throw new DemoFailure("not within " + deadline.toSeconds() + " s: " + what, logs);
            }
            TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
        }
    }
}

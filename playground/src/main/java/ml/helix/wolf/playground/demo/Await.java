package ml.helix.wolf.playground.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Looks again and again until something is there. */
final class Await {
    private static final Duration BETWEEN = Duration.ofMillis(150);

    private Await() {}

    /**
     * What {@code look} finds, as soon as it finds something.
     *
     * @throws NotSeen when it found nothing within {@code deadline}
     */
    static <T> T until(String what, Duration deadline, List<Path> logs, Supplier<Optional<T>> look)
            throws NotSeen, InterruptedException {
        long end = System.nanoTime() + deadline.toNanos();
        while (true) {
            Optional<T> found = look.get();
            if (found.isPresent()) {
                return found.get();
            }
            if (System.nanoTime() > end) {
                throw new NotSeen(what + " within " + deadline.toSeconds() + " s", logs);
            }
            TimeUnit.NANOSECONDS.sleep(BETWEEN.toNanos());
        }
    }
}

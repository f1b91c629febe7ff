package ml.helix.wolf.operator.apiserver;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Waits for what another process does. Only a failing test waits until the timeout. */
final class Eventually {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

    private Eventually() {}

    /** Returns as soon as the assertion holds. Throws its last error after {@link #TIMEOUT}. */
    static void holds(ThrowingCallable assertion) throws Exception {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        long pause = FIRST_PAUSE.toNanos();
        while (true) {
            try {
                assertion.call();
                return;
            } catch (AssertionError | NullPointerException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(pause);
                pause = Math.min(pause * 3 / 2, LONGEST_PAUSE.toNanos());
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}

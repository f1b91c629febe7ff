package ml.helix.wolf.program;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a process that runs out of memory, so that it is restarted: any of its threads may have died. If the heap is full, the
 * JVM does this itself ({@code -XX:+ExitOnOutOfMemoryError} in each {@code jvm.options}). It does not if Java code throws
 * the error: no memory for a direct buffer, no native thread.
 */
public final class OutOfMemory {
    /** The exit status, the same as with the JVM's own option. */
    public static final int STATUS = 3;

    private static final Logger LOG = LoggerFactory.getLogger(OutOfMemory.class);

    private OutOfMemory() {}

    /** From now on an OutOfMemoryError that a thread does not catch ends the process; other errors are logged. */
    public static void endsTheProcess() {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            check(failure);
            LOG.error("A fault ended the thread {}", thread.getName(), failure);
        });
    }

    /** Ends the process if the failure is an OutOfMemoryError or has one as a cause. */
    @SuppressWarnings("SystemOut") // logging may need memory
    static void check(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (cause instanceof OutOfMemoryError) {
                System.err.println("The process ends, out of memory: " + cause.getMessage());
                Runtime.getRuntime().halt(STATUS);
            }
            cause = cause.getCause();
        }
    }
}

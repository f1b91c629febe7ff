package ml.helix.wolf.playground.demo;

import java.util.ArrayList;
import java.util.List;

/** What the demo has opened and must close. Thread-safe: one thread may close while another still opens. */
final class OpenParts implements AutoCloseable {
    /** Guarded by this; in the order of opening. */
    private final List<AutoCloseable> parts = new ArrayList<>();
    /** Guarded by this. */
    private boolean closed;

    /**
     * Remembers a part.
     *
     * @throws IllegalStateException if {@link #close()} was called before; then the part is closed already
     */
    <T extends AutoCloseable> T add(T part) {
        synchronized (this) {
            if (!closed) {
                parts.add(part);
                return part;
            }
        }
        close(part);
        throw new IllegalStateException("the demo is being stopped");
    }

    /** Closes every part, the last opened first. Idempotent; blocks until all are closed. */
    @Override
    public void close() {
        List<AutoCloseable> closing;
        synchronized (this) {
            closed = true;
            closing = new ArrayList<>(parts).reversed();
            parts.clear();
        }
        closing.forEach(OpenParts::close);
    }

    /** Prints a failure instead of throwing it, because the other parts have to be closed too. */
    private static void close(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            System.err.println("demo: cannot close " + part + ": " + e);
        }
    }
}

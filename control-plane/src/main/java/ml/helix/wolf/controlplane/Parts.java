package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of a program: started in their order, closed in the reverse order. Thread safe. */
final class Parts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Parts.class);

    /** Guarded by this; the last one first. */
    private final Deque<Part> started = new ArrayDeque<>();

    /**
     * Something that runs from {@code start} to {@code close}.
     *
     * @param start begins it
     * @param close ends it, also after a start that failed; may block
     */
    record Part(Start start, Runnable close) {

        @FunctionalInterface
        interface Start {
            /** @throws IOException if it can't run, for example if an address can't be bound */
            void run() throws IOException;
        }

        /** For what runs since its construction. */
        static Part closing(Runnable close) {
            return new Part(() -> {}, close);
        }
    }

    private Parts() {}

    /**
     * Starts one part after the other.
     *
     * @throws IOException if one can't start; it and those before it are closed then
     */
    static Parts start(List<Part> parts) throws IOException {
        var running = new Parts();
        try {
            for (Part part : parts) {
                running.start(part);
            }
            return running;
        } catch (IOException | RuntimeException | Error e) {
            running.close();
            throw e;
        }
    }

    private synchronized void start(Part part) throws IOException {
        started.push(part);
        part.start.run();
    }

    /** Closes every part once, whether or not the one before could be closed. Idempotent. */
    @Override
    public synchronized void close() {
        while (!started.isEmpty()) {
            try {
                started.pop().close.run();
            } catch (RuntimeException | Error e) { // an Error too: if a jar is replaced, classes are missing
                log.error("A part of the program was not closed in order", e);
            }
        }
    }
}

package ml.helix.wolf.controlplane;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import ml.helix.wolf.revdial.ConnectionManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How one of several replicas goes without a loss: first its agents, then its callers. */
final class Drain {
    /** Agents open their next connection within 5 s of being asked. */
    private static final Duration AGENTS = Duration.ofSeconds(10);

    /** After so long without a dial or stream, callers are taken to have noticed. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    /** How long Helix's agents may take to use a data connection that they have picked up, and other replicas to ask no more. */
    private static final Duration HANDOVER = Duration.ofSeconds(1);

    private static final Duration STEP = Duration.ofMillis(50);
    private static final Logger log = LoggerFactory.getLogger(Drain.class);

    private final ConnectionManager connections;
    private final BooleanSupplier idle;
    private final Duration longest;
    private final LongSupplier nanoTime;

    /**
     * @param idle whether neither a dial waits nor a stream runs
     * @param longest how long streams may go on
     */
    Drain(ConnectionManager connections, BooleanSupplier idle, Duration longest, LongSupplier nanoTime) {
        this.connections = connections;
        this.idle = idle;
        this.longest = longest;
        this.nanoTime = nanoTime;
    }

    /**
     * Asks the agents to connect elsewhere and waits until ours have; Helix's can't be asked, so their dials wait
     * until they are back, and their connections are closed a moment later. Then waits for dials and streams. Refuse new agents before.
     */
    void run() {
        log.info("Asked {} agents to connect to another replica", connections.reconnectAll());
        await(() -> connections.countHeld(agent -> !agent.instance().isEmpty()) == 0, Duration.ZERO, AGENTS);
        Runnable close = connections.releaseHeld();
        await(() -> false, Duration.ZERO, HANDOVER);
        close.run();
        if (await(idle, QUIET, longest)) {
            log.info("All streams are done");
        } else {
            log.info("Streams still run after {} s; they are cut", longest.toSeconds());
        }
    }

    /** Waits until a condition has held for a while. Returns false if it did not in time. */
    private boolean await(BooleanSupplier condition, Duration held, Duration limit) {
        long start = nanoTime.getAsLong();
        long since = start;
        while (true) {
            long now = nanoTime.getAsLong();
            if (!condition.getAsBoolean()) {
                since = now;
            } else if (now - since >= held.toNanos()) {
                return true;
            }
            if (now - start >= limit.toNanos()) {
                return false;
            }
            try {
                Thread.sleep(STEP);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}

package ml.helix.wolf.controlplane;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Has the heap collected when much of its old generation may be garbage. The serial collector does that only when the heap has reached
 * its limit, and the process keeps that memory. Thread safe.
 */
final class OldGeneration {
    private static final long LEAST_GARBAGE = 16L * 1024 * 1024;

    private final MemoryPoolMXBean pool;

    private OldGeneration(MemoryPoolMXBean pool) {
        this.pool = pool;
    }

    /** This process's; empty unless the serial collector runs. */
    static Optional<OldGeneration> ofThisProcess() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().equals("Tenured Gen"))
                .findFirst()
                .map(OldGeneration::new);
    }

    /** Collects the whole heap if that is worth its pause. */
    void collectIfWorth() {
        @Nullable MemoryUsage collected = pool.getCollectionUsage();
        if (isWorth(pool.getUsage().getUsed(), collected == null ? 0 : collected.getUsed())) {
            System.gc();
        }
    }

    /**
     * Whether so much has come that a collection costs little for each byte of it. A larger heap takes longer to collect, and is collected
     * less often.
     *
     * @param used bytes
     * @param before what was used after the last collection
     */
    static boolean isWorth(long used, long before) {
        return used - before >= Math.max(LEAST_GARBAGE, before / 2);
    }
}

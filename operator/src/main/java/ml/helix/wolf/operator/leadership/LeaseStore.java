package ml.helix.wolf.operator.leadership;

import java.util.Optional;

/** Where the replicas share their Lease. Each call blocks, and ends by itself within seconds. */
interface LeaseStore {
    /** What became of a write. */
    enum Outcome {
        WRITTEN,
        /** Another replica has changed the Lease since it was read. */
        CONFLICT
    }

    /**
     * Empty if there is no Lease yet.
     *
     * @throws RuntimeException if there is no answer
     */
    Optional<LeaseRecord> read();

    /**
     * Writes the Lease for a holder, unless it has changed since it was read.
     *
     * @param before the Lease as it was read, empty if there was none
     * @param holder "" to release the Lease
     * @throws RuntimeException if there is no answer; the Lease may be written all the same
     */
    Outcome write(Optional<LeaseRecord> before, String holder);
}

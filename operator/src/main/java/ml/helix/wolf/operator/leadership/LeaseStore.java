package ml.helix.wolf.operator.leadership;

import java.util.Optional;

/** Where replicas see each other. Each call blocks, and ends by itself within seconds. */
interface LeaseStore {
    /** What came of a write. */
    enum Outcome {
        WRITTEN,
        /** Somebody else was faster. */
        CONFLICT
    }

    /** @throws RuntimeException where there is no answer */
    Optional<LeaseRecord> read();

    /**
     * Writes the Lease for a holder, unless it has changed since it was read.
     *
     * @param before empty where there was none
     * @param holder "" to let it go
     * @throws RuntimeException where there is no answer; the Lease may be written all the same
     */
    Outcome write(Optional<LeaseRecord> before, String holder);
}

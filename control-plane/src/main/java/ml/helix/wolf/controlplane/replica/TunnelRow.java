package ml.helix.wolf.controlplane.replica;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a runner's newest control connection.
 *
 * @param replica that holds it; null if it was lost
 * @param generation when it came up, in microseconds by the clock of the database: a greater one is newer
 * @param agent who is at its other end
 */
record TunnelRow(String runnerId, @Nullable String replica, long generation, String agent) {

    static long generation(Instant connectedAt) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, connectedAt);
    }

    Instant connectedAt() {
        return Instant.EPOCH.plus(generation, ChronoUnit.MICROS);
    }
}

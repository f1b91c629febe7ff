package ml.helix.wolf.agent.report;

import java.time.Instant;
import java.util.Optional;

/**
 * A moment of an agent's life, as {@code /status} tells it.
 *
 * @param since when {@code state} was entered
 * @param wolfReachable as the last dial or probe saw it, nothing before the first
 * @param connects how many control connections came up
 * @param streamsTotal how many streams were opened
 */
public record Status(
        State state,
        Instant since,
        Optional<Boolean> wolfReachable,
        long connects,
        long streamsActive,
        long streamsTotal,
        long bytesToWolf,
        long bytesFromWolf,
        Optional<LastError> lastError) {

    /** @param reason a {@link ml.helix.wolf.agent.failure.FailureReason}'s word */
    public record LastError(String reason, String message, Instant at) {}
}

package ml.helix.wolf.agent.report;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.program.Printable;

/**
 * A snapshot of the agent, the changing part of {@code /status}.
 *
 * @param since when {@code state} was entered
 * @param connects how many control connections have come up
 * @param streamsTotal how many streams have been opened
 * @param token empty without a token file, and before the first connection
 */
public record Status(
        State state,
        Instant since,
        WolfView wolf,
        long connects,
        long streamsActive,
        long streamsTotal,
        long bytesToWolf,
        long bytesFromWolf,
        Optional<LastError> lastError,
        Optional<Token> token) {

    /** @param reason a {@link ml.helix.wolf.agent.failure.FailureReason}'s word */
    public record LastError(String reason, String message, Instant at) {
        public LastError {
            message = Printable.of(message);
        }
    }

    /**
     * @param changedAt the file's time of change with the token that the tunnel uses
     * @param refused whether the file has a newer token that the control plane refuses
     */
    public record Token(Instant changedAt, boolean refused) {}
}

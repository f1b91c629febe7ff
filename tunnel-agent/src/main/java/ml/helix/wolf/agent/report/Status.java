package ml.helix.wolf.agent.report;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import ml.helix.wolf.program.Printable;

/**
 * A snapshot of the agent, the changing part of {@code /status}.
 *
 * @param controlPlanes one for each control plane, in the order of the setting; at least one
 * @param streamsTotal how many streams have been opened
 */
public record Status(
        List<ControlPlane> controlPlanes,
        WolfView wolf,
        long streamsActive,
        long streamsTotal,
        long bytesToWolf,
        long bytesFromWolf) {

    /** What is down comes first, and of that what has been down longest; of those that are up, the one that came up last. */
    private static final Comparator<ControlPlane> WORST_FIRST = Comparator.comparing(
                    (ControlPlane one) -> switch (one.state()) {
                        case DISCONNECTED -> 0;
                        case CONNECTING -> 1;
                        case CONNECTED -> 2;
                        case DRAINING -> 3;
                    })
            .thenComparing((one, other) -> one.state() == State.CONNECTED
                    ? other.since().compareTo(one.since())
                    : one.since().compareTo(other.since()));

    public Status {
        controlPlanes = List.copyOf(controlPlanes);
    }

    /**
     * The tunnel to one control plane.
     *
     * @param since when {@code state} was entered
     * @param connects how many control connections have come up
     * @param token empty without a token file, and before the first connection
     */
    public record ControlPlane(
            String url,
            State state,
            Instant since,
            long connects,
            Optional<LastError> lastError,
            Optional<Token> token) {
        private String notReady() {
            return state != State.DISCONNECTED
                    ? state.word()
                    : state.word()
                            + lastError
                                    .map(error -> ": " + error.reason() + ": " + error.message())
                                    .orElse("");
        }
    }

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
    public record Token(Instant changedAt, boolean refused) {
        private Token and(Token other) {
            return new Token(
                    changedAt.isBefore(other.changedAt) ? changedAt : other.changedAt, refused || other.refused);
        }
    }

    /** The control plane whose state counts as the agent's. */
    public ControlPlane worst() {
        return controlPlanes.stream().min(WORST_FIRST).orElseThrow();
    }

    /** How many control connections have come up, to all control planes. */
    public long connects() {
        return controlPlanes.stream().mapToLong(ControlPlane::connects).sum();
    }

    /** The oldest token in use, and whether a control plane refuses a newer one. */
    public Optional<Token> token() {
        return controlPlanes.stream().flatMap(one -> one.token().stream()).reduce(Token::and);
    }

    /** Why the agent isn't ready; empty while a control connection is up, to whichever control plane. */
    Optional<String> notReady() {
        if (controlPlanes.stream().anyMatch(one -> one.state() == State.CONNECTED)) {
            return Optional.empty();
        }
        return Optional.of(
                controlPlanes.size() == 1
                        ? worst().notReady()
                        : controlPlanes.stream()
                                .map(one -> one.url() + " " + one.notReady())
                                .collect(Collectors.joining("; ")));
    }
}

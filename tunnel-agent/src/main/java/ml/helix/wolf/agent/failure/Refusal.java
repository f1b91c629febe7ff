package ml.helix.wolf.agent.failure;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import ml.helix.wolf.agent.http.ResponseHead;

/** What a server's refusal of an upgrade means: any answer but 101 Switching Protocols. */
public final class Refusal {
    /** A longer Retry-After counts as this: one wrong header must not keep all agents away. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    private Refusal() {}

    /**
     * @param who the server, for the message
     * @param now for a Retry-After that is a date
     */
    public static TunnelException of(ResponseHead answer, String who, Instant now) {
        int status = answer.status();
        String prefix = who + " answered " + status + ": ";
        FailureReason reason = reason(status);
        String advice =
                switch (reason) {
                    case UNAUTHORIZED -> "it does not accept the runner token; check RUNNER_TOKEN or its file";
                    case FORBIDDEN -> "the runner token is known but may not open this tunnel";
                    case NOT_FOUND -> "nothing speaks RevDial there; check HELIX_API_URL and its path prefix";
                    case SERVER_ERROR -> "it can't serve now";
                    default ->
                        status / 100 == 3
                                ? "redirects are not followed, the token goes nowhere else; give the final address"
                                : "not a WebSocket upgrade";
                };
        return new TunnelException(reason, prefix + advice, retryAfter(answer, now), status);
    }

    private static FailureReason reason(int status) {
        return switch (status) {
            case 401 -> FailureReason.UNAUTHORIZED;
            case 403 -> FailureReason.FORBIDDEN;
            case 404, 410 -> FailureReason.NOT_FOUND;
            case 429 -> FailureReason.SERVER_ERROR;
            default -> status >= 500 ? FailureReason.SERVER_ERROR : FailureReason.PROTOCOL_ERROR;
        };
    }

    private static Duration retryAfter(ResponseHead answer, Instant now) {
        Duration asked =
                answer.header("retry-after").map(text -> retryAfter(text, now)).orElse(Duration.ZERO);
        return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
    }

    private static Duration retryAfter(String text, Instant now) {
        if (text.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        try {
            Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO;
        } catch (DateTimeParseException e) {
            return Duration.ZERO;
        }
    }
}

package ml.helix.wolf.agent.failure;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The control plane can't be reached, refuses, or is lost; the message says what failed, for whom and what to do. */
public final class TunnelException extends IOException {
    private static final long serialVersionUID = 1L;

    private final FailureReason reason;
    private final Duration retryAfter;

    public TunnelException(FailureReason reason, String message) {
        this(reason, message, Duration.ZERO, null);
    }

    public TunnelException(FailureReason reason, String message, Throwable cause) {
        this(reason, message, Duration.ZERO, cause);
    }

    /** @param retryAfter how long the server asks to be left alone, zero where it doesn't */
    public TunnelException(FailureReason reason, String message, Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    public FailureReason reason() {
        return reason;
    }

    /** How long the server asked to be left alone. */
    public Optional<Duration> retryAfter() {
        return Optional.of(retryAfter).filter(wait -> wait.isPositive());
    }
}

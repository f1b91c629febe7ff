package ml.helix.wolf.agent.failure;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The control plane can't be reached, refuses, or is lost. The message says what failed and what to do. */
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

    /** @param retryAfter the least wait that the server asks for, zero if it asks for none */
    public TunnelException(FailureReason reason, String message, Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    public FailureReason reason() {
        return reason;
    }

    /** The least wait that the server asked for. */
    public Optional<Duration> retryAfter() {
        return Optional.of(retryAfter).filter(Duration::isPositive);
    }
}

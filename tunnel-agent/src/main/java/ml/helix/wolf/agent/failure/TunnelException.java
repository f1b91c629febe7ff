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
    private final int status;

    public TunnelException(FailureReason reason, String message) {
        this(reason, message, Duration.ZERO, 0, null);
    }

    public TunnelException(FailureReason reason, String message, Throwable cause) {
        this(reason, message, Duration.ZERO, 0, cause);
    }

    /**
     * A refusal.
     *
     * @param retryAfter the least wait that the server asks for, zero if it asks for none
     * @param status of the server's answer
     */
    public TunnelException(FailureReason reason, String message, Duration retryAfter, int status) {
        this(reason, message, retryAfter, status, null);
    }

    private TunnelException(
            FailureReason reason, String message, Duration retryAfter, int status, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
        this.status = status;
    }

    public FailureReason reason() {
        return reason;
    }

    /** Of the server's answer; 0 if it gave none. */
    public int status() {
        return status;
    }

    /** The least wait that the server asked for. */
    public Optional<Duration> retryAfter() {
        return Optional.of(retryAfter).filter(Duration::isPositive);
    }
}

package ml.helix.wolf.revdial;

import java.io.IOException;

/** A pickup failed: the data connection or the local one could not be opened. The message is the reason. */
public final class PickupException extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean needed;

    /** @param reason one sentence; the server and its callers read it, so no secrets */
    public PickupException(String reason) {
        this(reason, /* needed= */ true);
    }

    private PickupException(String reason, boolean needed) {
        super(reason);
        this.needed = needed;
    }

    /** Of a pickup that nobody waits for any more. */
    public static PickupException notNeeded(String reason) {
        return new PickupException(reason, /* needed= */ false);
    }

    /** @param reason one sentence; the server and its callers read it, so no secrets */
    public PickupException(String reason, Throwable cause) {
        super(reason, cause);
        this.needed = true;
    }

    /** Whether anybody misses the stream. */
    boolean isNeeded() {
        return needed;
    }
}

package ml.helix.wolf.revdial;

import java.io.IOException;

/** A pickup failed: the data connection or the local one could not be opened. The message is the reason. */
public final class PickupException extends IOException {
    private static final long serialVersionUID = 1;

    /** @param reason one sentence; the server and its callers read it, so no secrets */
    public PickupException(String reason) {
        super(reason);
    }

    /** @param reason one sentence; the server and its callers read it, so no secrets */
    public PickupException(String reason, Throwable cause) {
        super(reason, cause);
    }
}

package ml.helix.wolf.revdial;

import java.io.IOException;

/** A data connection could not be picked up, or there is nothing to join it with; the message is the reason. */
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

package ml.helix.wolf.revdial;

import java.io.IOException;

/** The stream had ended, or was closed, before a write began: nothing of the write was sent. */
public final class EndedStreamException extends IOException {
    private static final long serialVersionUID = 1;

    public EndedStreamException(String message) {
        super(message);
    }
}

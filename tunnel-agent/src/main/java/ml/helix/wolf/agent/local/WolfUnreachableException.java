package ml.helix.wolf.agent.local;

import java.io.IOException;

/** Wolf's API doesn't take a connection; the message says why and what to do, and is fit for the server to read. */
public final class WolfUnreachableException extends IOException {
    private static final long serialVersionUID = 1L;

    public WolfUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}

package ml.helix.wolf.agent.local;

import java.io.IOException;

/** Wolf's API accepts no connection. The message says why and what to do, without secrets: the server reads it. */
public final class WolfUnreachableException extends IOException {
    private static final long serialVersionUID = 1L;

    public WolfUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}

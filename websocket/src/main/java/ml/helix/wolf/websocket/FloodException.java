package ml.helix.wolf.websocket;

import java.net.ProtocolException;

/** The peer has sent more control frames and empty frames than it may. */
public final class FloodException extends ProtocolException {
    private static final long serialVersionUID = 1;

    FloodException() {
        super("too many control frames or empty frames");
    }
}

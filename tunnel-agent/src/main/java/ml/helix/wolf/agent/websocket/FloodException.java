package ml.helix.wolf.agent.websocket;

import java.net.ProtocolException;
import ml.helix.wolf.revdial.FrameBudget;

/** The peer has sent more than its {@link FrameBudget}. */
final class FloodException extends ProtocolException {
    private static final long serialVersionUID = 1;

    FloodException() {
        super("the control plane sent " + FrameBudget.EXCEEDED);
    }
}

package ml.helix.wolf.conformance.controlplane;

import java.io.IOException;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;

/** How an agent may end one of its connections. */
enum Ending {
    CLOSE_FRAME,
    FIN,
    RESET,
    CLOSE_FRAME_WITH_AN_ERROR;

    void of(Connection connection) throws IOException {
        switch (this) {
            case CLOSE_FRAME -> connection.send(Frame.close(1000, ""));
            case FIN -> connection.fin();
            case RESET -> connection.reset();
            case CLOSE_FRAME_WITH_AN_ERROR -> connection.send(Frame.close(1011, ""));
        }
    }
}

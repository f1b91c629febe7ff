package ml.helix.wolf.agent.control;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.Refusal;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.revdial.FrameBudget;
import org.java_websocket.framing.CloseFrame;

/**
 * How a control connection ended, as Java-WebSocket reports it, and what that means for the tunnel.
 *
 * @param wasUp whether the server had accepted the upgrade
 * @param byPeer whether the peer ended it, with or without a close frame
 * @param code RFC 6455's close code, or one of the library's own, which are negative
 * @param answer to the upgrade request, if one came
 */
record WebSocketEnd(boolean wasUp, boolean byPeer, int code, Optional<ResponseHead> answer) {
    static final String FLOOD = "the control plane sent " + FrameBudget.EXCEEDED;

    /** The close code of a displaced connection: the control planes' own, not one of RFC 6455. */
    private static final int DISPLACED = 4001;

    /**
     * The failure to report, unless this side closed the connection.
     *
     * @param timedOut whether the time for the handshake is over
     * @param now for a Retry-After that is a date
     */
    TunnelException failure(String runnerId, boolean timedOut, Instant now) {
        return wasUp ? lost(runnerId) : refused(timedOut, now);
    }

    private TunnelException lost(String runnerId) {
        if (byPeer && code == DISPLACED) {
            return new TunnelException(
                    FailureReason.DISPLACED,
                    "another agent connected as " + runnerId + " and took this one's place:"
                            + " give each agent an id of its own, and name no control plane by two URLs");
        }
        if (byPeer) {
            return new TunnelException(
                    FailureReason.CONNECTION_LOST,
                    code == CloseFrame.ABNORMAL_CLOSE
                            ? "the control connection ended without a close frame"
                            : "the control plane closed the connection with code " + code);
        }
        return new TunnelException(
                FailureReason.PROTOCOL_ERROR,
                code == CloseFrame.POLICY_VALIDATION
                        ? FLOOD
                        : "the control plane broke the WebSocket protocol (close code " + code + ")");
    }

    private TunnelException refused(boolean timedOut, Instant now) {
        if (answer.isPresent() && answer.get().status() != 101) {
            return Refusal.of(answer.get(), "the control plane", now);
        }
        if (code != CloseFrame.NEVER_CONNECTED) {
            return new TunnelException(
                    FailureReason.PROTOCOL_ERROR, "what answers at the control plane's address speaks no WebSocket");
        }
        return timedOut
                ? new TunnelException(
                        FailureReason.HANDSHAKE_TIMEOUT,
                        "the control plane did not answer the upgrade within "
                                + WebSocketControlConnection.HANDSHAKE_TIMEOUT.toSeconds() + " s")
                : new TunnelException(
                        FailureReason.CONNECTION_LOST, "the control plane closed the connection without an answer");
    }
}

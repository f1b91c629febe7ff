package ml.helix.wolf.agent.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.http.ResponseHead;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebSocketEndTest {
    @ParameterizedTest
    @CsvSource({
        "true, 4001, DISPLACED, another agent connected as wolf-gpu-1",
        "true, 1006, CONNECTION_LOST, ended without a close frame",
        "true, 1012, CONNECTION_LOST, closed the connection with code 1012",
        "false, 1008, PROTOCOL_ERROR, lines a second",
        "false, 4001, PROTOCOL_ERROR, broke the WebSocket protocol (close code 4001)",
        "false, 1002, PROTOCOL_ERROR, broke the WebSocket protocol (close code 1002)"
    })
    void anEndOfAConnectionThatWasUpHasItsReason(boolean byPeer, int code, FailureReason reason, String words) {
        TunnelException failure =
                new WebSocketEnd(true, byPeer, code, Optional.of(head(101))).failure("wolf-gpu-1", true, Instant.EPOCH);

        assertThat(failure).hasMessageContaining(words);
        assertThat(failure.reason()).isEqualTo(reason);
    }

    /** The library reports -1 (CloseFrame.NEVER_CONNECTED) if the connection ends before the upgrade. */
    @ParameterizedTest
    @CsvSource({
        "401, -1, false, UNAUTHORIZED, answered 401",
        "101, 1002, false, PROTOCOL_ERROR, speaks no WebSocket",
        ", 1002, false, PROTOCOL_ERROR, speaks no WebSocket",
        ", -1, false, CONNECTION_LOST, without an answer",
        ", -1, true, HANDSHAKE_TIMEOUT, within 30 s"
    })
    void anUpgradeThatFailedHasItsReason(
            Integer status, int code, boolean timedOut, FailureReason reason, String words) {
        TunnelException failure = new WebSocketEnd(
                        false, true, code, Optional.ofNullable(status).map(WebSocketEndTest::head))
                .failure("wolf-gpu-1", timedOut, Instant.EPOCH);

        assertThat(failure).hasMessageContaining(words);
        assertThat(failure.reason()).isEqualTo(reason);
    }

    private static ResponseHead head(int status) {
        return new ResponseHead(status, Map.of());
    }
}

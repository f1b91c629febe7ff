package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** docs/protocol.md, the limits: a control plane that floods one connection with frames that carry nothing loses that connection. */
class FloodIT extends AgentSpec {

    /** Frames that carry nothing, a thousand in a piece. */
    enum Kind {
        PINGS(Frame.of(Frame.PING, new byte[0])),
        PONGS(Frame.of(Frame.PONG, new byte[0])),
        EMPTY_FRAMES(Frame.of(Frame.BINARY, new byte[0])),
        LINES(Frame.of(Frame.BINARY, bytes("{}\n")));

        private final byte[] piece;

        Kind(Frame frame) {
            byte[] one = frame.bytes();
            piece = new byte[1000 * one.length];
            for (int i = 0; i < 1000; i++) {
                System.arraycopy(one, 0, piece, i * one.length, one.length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aControlConnectionIsClosedAndTheAgentComesBack(Kind kind) throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        assertThat(Flood.closeCode(control, kind.piece).orElse(1008)).isEqualTo(1008);
        agent.await(
                status -> status.at("/lastError/message").asText().contains("a second"), "message that names the rate");
        assertServes(accepted());
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"PINGS", "PONGS", "EMPTY_FRAMES"})
    void onADataConnectionOnlyThatStreamIsClosedWith1008(Kind kind) throws Exception {
        Connection control = connected();
        StreamEnds stream = openStream(control);
        // a peer that never stops sending may be reset before it reads the close frame
        assertThat(Flood.closeCode(stream.atServer(), kind.piece).orElse(1008)).isEqualTo(1008);
        assertServes(control);
    }
}

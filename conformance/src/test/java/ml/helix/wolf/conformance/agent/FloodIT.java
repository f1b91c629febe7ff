package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Contract, section 1, agent: a control plane that sends what costs much and says nothing loses that one connection. */
class FloodIT extends AgentSpec {

    /** What has no use at such a rate, in pieces of a thousand. */
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
        agent.await(status -> status.at("/lastError/message").asText().contains("a second"), "flood named");
        assertServes(accepted());
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"PINGS", "PONGS", "EMPTY_FRAMES"})
    void onADataConnectionOnlyThatStreamIsClosedWith1008(Kind kind) throws Exception {
        Connection control = connected();
        StreamEnds stream = openStream(control);
        // none where a peer that never stops sending is reset at the end
        assertThat(Flood.closeCode(stream.atServer(), kind.piece).orElse(1008)).isEqualTo(1008);
        assertServes(control);
    }
}

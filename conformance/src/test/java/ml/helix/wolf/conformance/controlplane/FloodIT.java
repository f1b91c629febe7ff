package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import ml.helix.wolf.conformance.agent.Flood;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Contract, section 1, server: an agent that sends what costs much and says nothing loses that one connection. */
class FloodIT extends ControlPlaneSpec {

    /** What has no use at such a rate, in pieces of a thousand. */
    enum Kind {
        PINGS(Frame.of(Frame.PING, new byte[0])),
        PONGS(Frame.of(Frame.PONG, new byte[0])),
        EMPTY_FRAMES(Frame.of(Frame.BINARY, new byte[0])),
        LINES(Frame.of(Frame.BINARY, "{}\n".getBytes(UTF_8)));

        private final byte[] piece;

        Kind(Frame frame) {
            byte[] one = frame.masked(true).bytes();
            piece = new byte[1000 * one.length];
            for (int i = 0; i < 1000; i++) {
                System.arraycopy(one, 0, piece, i * one.length, one.length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void onAControlConnectionItIsClosedWith1008AndOtherTunnelsGoOn(Kind kind) throws Exception {
        start();
        Connection other = connected("wolf-other");
        assertThat(Flood.closeCode(connected(ID), kind.piece)).hasValue(1008);
        serves(other, "wolf-other");
        serves(connected(ID), ID);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"PINGS", "PONGS", "EMPTY_FRAMES"})
    void onADataConnectionOnlyThatStreamIsClosedWith1008(Kind kind) throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connected(ID);
        Socket caller = forwarded();
        Connection data = pickUp(connPath(control));
        assertThat(Flood.closeCode(data, kind.piece)).hasValue(1008);
        assertThat(caller.getInputStream().read()).isNegative();
        serves(control, ID);
    }

    /** What interactive traffic is made of: it has no limit. */
    @Test
    void smallFramesWithDataAreNoFlood() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connected(ID);
        Socket caller = forwarded();
        Connection data = pickUp(connPath(control));
        byte[] piece = new byte[1000 * 7];
        for (int i = 0; i < 1000; i++) {
            System.arraycopy(Frame.of(Frame.BINARY, new byte[1]).masked(true).bytes(), 0, piece, i * 7, 7);
        }
        Thread.ofVirtual().start(() -> sendAll(data, piece, 50));
        assertThat(caller.getInputStream().readNBytes(50_000)).hasSize(50_000);
    }

    private static void sendAll(Connection data, byte[] piece, int times) {
        try {
            for (int i = 0; i < times; i++) {
                data.raw(piece);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
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
        // none where an agent that never stops sending is reset at the end
        assertThat(Flood.closeCode(connected(ID), kind.piece).orElse(1008)).isEqualTo(1008);
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
        // none where an agent that never stops sending is reset at the end
        assertThat(Flood.closeCode(data, kind.piece).orElse(1008)).isEqualTo(1008);
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
        Thread.ofVirtual().start(() -> sendAll(data, oneByteFrames(), 50));
        assertThat(caller.getInputStream().readNBytes(50_000)).hasSize(50_000);
    }

    /** Virtual threads keep their processor for as long as bytes are there. */
    @Test
    void dataThatNeverPausesLeavesOthersTheirTurn() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connected(ID);
        for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
            Socket caller = forwarded();
            Connection data = pickUp(connPath(control));
            Thread.ofPlatform().daemon().start(() -> sendAll(data, oneByteFrames(), Integer.MAX_VALUE));
            Thread.ofPlatform().daemon().start(() -> readAll(caller));
        }
        serves(connected("wolf-other"), "wolf-other");
    }

    private static void readAll(Socket caller) {
        try {
            caller.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static byte[] oneByteFrames() {
        byte[] piece = new byte[1000 * 7];
        for (int i = 0; i < 1000; i++) {
            System.arraycopy(Frame.of(Frame.BINARY, new byte[1]).masked(true).bytes(), 0, piece, i * 7, 7);
        }
        return piece;
    }

    private static void sendAll(Connection data, byte[] piece, int times) {
        try {
            for (int i = 0; i < times; i++) {
                data.raw(piece);
            }
        } catch (IOException e) {
            // The reader sees what is missing.
        }
    }
}

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

/** Contract, section 1, server: a connection that sends too many frames without data is closed, and only that one. */
class FloodIT extends ControlPlaneSpec {
    private static final byte[] ONE_BYTE_FRAMES = thousand(Frame.of(Frame.BINARY, new byte[1]));

    /** Frames that no honest agent sends at such a rate, a thousand in each write. */
    enum Kind {
        PINGS(Frame.of(Frame.PING, new byte[0])),
        PONGS(Frame.of(Frame.PONG, new byte[0])),
        EMPTY_FRAMES(Frame.of(Frame.BINARY, new byte[0])),
        LINES(Frame.of(Frame.BINARY, "{}\n".getBytes(UTF_8)));

        private final byte[] piece;

        Kind(Frame frame) {
            piece = thousand(frame);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aFloodedControlConnectionIsClosedWith1008AndOthersGoOn(Kind kind) throws Exception {
        start();
        Connection other = connect("wolf-other");
        // an agent that never stops sending may be reset before it has read the code
        assertThat(Flood.closeCode(connect(ID), kind.piece).orElse(1008)).isEqualTo(1008);
        assertServes(other, "wolf-other");
        assertServes(connect(ID), ID);
    }

    /**
     * The pongs fill the agent's receive window, so the close frame still waits in the control plane's kernel when the control
     * plane is done with the connection. Each ping has the largest payload, because a window that the test itself made small
     * stops TCP in both directions, and with it the flood.
     */
    @Test
    void theCloseFrameArrivesThoughTheAgentReadsLateAndGoesOnSending() throws Exception {
        start();
        Connection control = connect(ID);
        byte[] pings = thousand(Frame.of(Frame.PING, new byte[125]));
        Thread sender = Thread.ofVirtual().start(() -> Flood.bytesUntilClosed(control, pings));
        awaitMetric("wolf_control_plane_connected_agents", 0);
        assertThat(control.end().closeCode()).hasValue(1008);
        control.close();
        sender.join();
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"PINGS", "PONGS", "EMPTY_FRAMES"})
    void aFloodedDataConnectionIsClosedWith1008AndOthersGoOn(Kind kind) throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        Socket caller = connectToForward();
        Connection data = pickUp(awaitConnReady(control));
        // an agent that never stops sending may be reset before it has read the code
        assertThat(Flood.closeCode(data, kind.piece).orElse(1008)).isEqualTo(1008);
        assertThat(caller.getInputStream().read()).isNegative();
        assertServes(control, ID);
    }

    /** Interactive traffic consists of them, so they have no limit. */
    @Test
    void smallFramesWithDataAreNoFlood() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        Socket caller = connectToForward();
        Connection data = pickUp(awaitConnReady(control));
        Thread.ofVirtual().start(() -> sendAll(data, ONE_BYTE_FRAMES, 50));
        assertThat(caller.getInputStream().readNBytes(50_000)).hasSize(50_000);
    }

    /** The JDK takes no processor from a virtual thread that never waits. */
    @Test
    void streamsThatNeverPauseLeaveProcessorsToOthers() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
            Socket caller = connectToForward();
            Connection data = pickUp(awaitConnReady(control));
            Thread.ofPlatform().daemon().start(() -> sendAll(data, ONE_BYTE_FRAMES, Integer.MAX_VALUE));
            Thread.ofPlatform().daemon().start(() -> readAll(caller));
        }
        assertServes(connect("wolf-other"), "wolf-other");
    }

    private static void readAll(Socket caller) {
        try {
            caller.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // the test is over
        }
    }

    private static byte[] thousand(Frame frame) {
        return repeat(frame.masked(true).bytes(), 1000);
    }

    private static void sendAll(Connection data, byte[] piece, int times) {
        try {
            for (int i = 0; i < times; i++) {
                data.raw(piece);
            }
        } catch (IOException e) {
            // the reader misses the rest
        }
    }
}

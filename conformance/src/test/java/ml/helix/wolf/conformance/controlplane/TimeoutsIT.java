package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.SocketTimeoutException;
import java.time.Duration;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Contract, section 1, server: its timeouts. The tests wait in real time and run side by side. */
@Execution(ExecutionMode.CONCURRENT)
class TimeoutsIT extends ControlPlaneSpec {

    @BeforeEach
    void startControlPlane() throws Exception {
        start();
    }

    @Test
    void anAgentThatSendsNoPongIsDroppedWithin60Seconds() throws Exception {
        long since = System.nanoTime();
        Connection control = connect(ID).patience(Duration.ofSeconds(90));
        control.end();
        assertThat(Duration.ofNanos(System.nanoTime() - since).toSeconds()).isBetween(40L, 75L);
        assertServes(connect(ID), ID);
    }

    @Test
    void anAgentThatSendsPongsIsKeptAndGetsAKeepAliveEvery18Seconds() throws Exception {
        Connection control = connect(ID);
        long since = System.nanoTime();
        int pings = 0;
        int keepAlives = 0;
        while (Duration.ofNanos(System.nanoTime() - since).toSeconds() < 65) {
            Frame frame = control.frame();
            switch (frame.opcode()) {
                case Frame.PING -> {
                    pings++;
                    control.send(Frame.of(Frame.PONG, frame.payload()));
                }
                case Frame.BINARY -> keepAlives++;
                default -> throw new AssertionError(frame);
            }
        }
        assertThat(pings).as("pings, one every 15 s").isBetween(4, 5);
        assertThat(keepAlives)
                .as("keep-alives, one every 18 s after the one at the start")
                .isBetween(3, 4);
        assertServes(control, ID);
    }

    @Test
    void anIdleDataConnectionIsKeptThoughItSendsNoPong() throws Exception {
        Connection control = connect(ID);
        var call = call(ID, "");
        Connection data = pickUp(awaitConnReady(control));
        long since = System.nanoTime();
        data.read(1);
        while (Duration.ofNanos(System.nanoTime() - since).toSeconds() < 50) {
            try {
                control.patience(Duration.ofSeconds(1)).frame(Frame.PING);
                control.send(Frame.of(Frame.PONG, new byte[0]));
            } catch (SocketTimeoutException e) {
                // no ping in this second
            }
        }
        sendResponse(data, "slow, but here");
        assertThat(call.get().body()).isEqualTo("slow, but here");
    }

    @Test
    void aQuietDataConnectionGetsAPingEvery15Seconds() throws Exception {
        Connection data = requested().patience(Duration.ofSeconds(25));

        assertThat(data.frame(Frame.PING)).isNotNull();
        assertThat(data.frame(Frame.PING)).isNotNull();
    }

    /** An agent may have closed its socket while its kernel still sends: a ping that comes after that destroys the rest. */
    @Test
    void aDataConnectionThatBringsBytesGetsNoPing() throws Exception {
        Connection data = requested().patience(Duration.ofSeconds(4));
        data.binary("HTTP/1.0 200 OK\r\n\r\n");

        for (int i = 0; i < 6; i++) {
            assertThatThrownBy(data::frame).isInstanceOf(SocketTimeoutException.class);
            data.binary("more");
        }
        data.patience(Duration.ofSeconds(25));
        assertThat(data.frame(Frame.PING)).as("once no byte comes").isNotNull();
    }

    /** A data connection that has brought a request. */
    private Connection requested() throws Exception {
        Connection control = connect(ID);
        call(ID, "");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        return data;
    }
}

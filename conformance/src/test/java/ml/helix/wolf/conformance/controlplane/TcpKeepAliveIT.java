package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import ml.helix.wolf.conformance.TcpSockets;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Contract, section 1: TCP keep-alive on every socket, the first probe after 15 s. */
@EnabledOnOs(OS.LINUX)
class TcpKeepAliveIT extends ControlPlaneSpec {

    @Test
    void socketsToAgentsAndToCallersOfAForwardHaveTcpKeepAlive() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        Socket caller = connectToForward();
        Connection data = pickUp(awaitConnReady(control));
        caller.getOutputStream().write('x');
        data.read(1);

        assertKeptAlive(control.socket());
        assertKeptAlive(data.socket());
        assertKeptAlive(caller);
    }

    private static void assertKeptAlive(Socket peer) throws Exception {
        assertThat(TcpSockets.hasKeepAlive(peer.getPort(), peer.getLocalPort(), 15))
                .as("TCP keep-alive on the control plane's socket at port " + peer.getPort())
                .isTrue();
    }
}

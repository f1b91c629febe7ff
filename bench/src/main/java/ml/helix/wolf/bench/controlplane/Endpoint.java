package ml.helix.wolf.bench.controlplane;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Where the control plane listens. Immutable.
 *
 * @param tls empty for plain HTTP
 */
record Endpoint(int port, Optional<SSLContext> tls) {
    /** As long as the agent waits for an address that drops packets. */
    private static final int CONNECT_TIMEOUT_MS = 10_000;

    /** As an agent's opening handshake has. */
    private static final int TIMEOUT_MS = 30_000;

    /**
     * A connection from an address of its own for each number, as agents on different nodes have. Reading it times out
     * after 30 s.
     */
    Socket connect(int number) throws IOException {
        var socket = new Socket();
        try {
            socket.bind(new InetSocketAddress(address(number), 0));
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            if (tls.isEmpty()) {
                return socket;
            }
            // TLS sessions are kept by host and port. The number in the port's place gives each agent its own, as a
            // process of its own has: no agent resumes another's session.
            var secured = (SSLSocket) tls.get().getSocketFactory().createSocket(socket, "localhost", number + 1, true);
            secured.startHandshake();
            return secured;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static InetAddress address(int number) throws IOException {
        return InetAddress.getByAddress(
                new byte[] {127, (byte) (16 + number / 62_500), (byte) (number / 250 % 250), (byte) (1 + number % 250)
                });
    }
}

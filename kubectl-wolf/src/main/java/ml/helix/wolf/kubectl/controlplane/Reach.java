package ml.helix.wolf.kubectl.controlplane;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/** How the TCP port of a control plane is reached. Thread-safe. */
@FunctionalInterface
public interface Reach {
    Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** A new connection. */
    Socket connect() throws IOException;

    /** Over the network. */
    static Reach directly(Endpoint endpoint) {
        return at(endpoint.host(), endpoint.port());
    }

    /** At this address, whatever the URL says. */
    static Reach at(String host, int port) {
        return () -> {
            var socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(host, port), (int) CONNECT_TIMEOUT.toMillis());
                socket.setTcpNoDelay(true);
                return socket;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        };
    }
}

package ml.helix.wolf.revdial.socket;

import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import jdk.net.ExtendedSocketOptions;
import ml.helix.wolf.revdial.DataKeepAlive;

/**
 * TCP keep-alive, the same on every TCP socket of both programs: the first probe after {@value #IDLE_SECONDS} s of
 * silence, then one every {@value #INTERVAL_SECONDS} s; after {@value #COUNT} probes without an answer the socket is
 * broken. So an idle peer that vanished without a FIN is noticed within 60 s.
 *
 * <p>The kernel sends no probe while bytes wait for their acknowledgement. A connection that sends WebSocket pings needs
 * {@link DataKeepAlive} too.
 */
public final class TcpKeepAlive {
    private static final int IDLE_SECONDS = 15;
    private static final int INTERVAL_SECONDS = 15;
    private static final int COUNT = 3;

    private TcpKeepAlive() {}

    /**
     * Turns TCP keep-alive on.
     *
     * @throws IOException if the socket is closed, or if the system lacks these options
     */
    public static void enable(Socket socket) throws IOException {
        try {
            socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, IDLE_SECONDS);
            socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, INTERVAL_SECONDS);
            socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, COUNT);
        } catch (UnsupportedOperationException e) {
            throw new IOException("this system has no TCP keep-alive options", e);
        }
    }
}

package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;

/** A POST without a body and without a secret, by plain HTTP, directly and on a connection of its own. */
public final class PlainPost {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private PlainPost() {}

    /**
     * Blocks, {@link #TIMEOUT} at most.
     *
     * @return the status of the answer
     */
    public static int send(InetSocketAddress to, String path, ScheduledExecutorService timers) throws IOException {
        var deadline = Deadline.in(TIMEOUT, timers);
        Socket socket = TcpDial.connect(List.of(to), deadline);
        var wire = new Wire(socket, socket);
        try (var _ = deadline.guard(wire::cut)) {
            String host = to.getAddress().getHostAddress();
            wire.output()
                    .write(("POST " + path + " HTTP/1.0\r\nHost: " + (host.contains(":") ? "[" + host + "]" : host)
                                    + ":" + to.getPort() + "\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return ResponseHead.read(new BufferedSource(wire.input()::read, 512))
                    .status();
        } finally {
            wire.cut();
        }
    }
}

package ml.helix.wolf.playground.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.NullNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CuttableRelayIT {
    private final FakeWolf behind = FakeWolf.onLoopback().start();
    private CuttableRelay relay;

    @BeforeEach
    void start() throws IOException {
        relay = CuttableRelay.start((InetSocketAddress) behind.listenAddress());
    }

    @AfterEach
    void end() throws IOException {
        relay.close();
        behind.close();
    }

    @Test
    void everyByteIsRelayed() throws IOException {
        try (Socket socket = open("/testkit/screenshot?bytes=300000&seed=5")) {
            byte[] answer = socket.getInputStream().readAllBytes();

            assertThat(answer).endsWith(TestEndpoints.noise(300_000, 5));
        }
    }

    @Test
    void aCutClosesTheControlConnectionOfThatAgentAlone() throws IOException {
        try (Socket one = open("/api/v1/events?runnerid=wolf-gpu-1");
                Socket two = open("/api/v1/events?runnerid=wolf-gpu-2")) {
            assertThat(one.getInputStream().read()).isEqualTo('H');
            assertThat(two.getInputStream().read()).isEqualTo('H');

            relay.cut("wolf-gpu-2");

            assertThat(ends(two)).isTrue();
            behind.emit("still", NullNode.getInstance());
            assertThat(containsText(one.getInputStream(), "event: still")).isTrue();
        }
        try (Socket again = open("/api/v1/apps?runnerid=wolf-gpu-2")) {
            assertThat(ends(again)).isTrue();
        }
        relay.restore("wolf-gpu-2");
        try (Socket restored = open("/api/v1/apps?runnerid=wolf-gpu-2")) {
            assertThat(restored.getInputStream().read()).isEqualTo('H');
        }
    }

    private Socket open(String target) throws IOException {
        Socket socket = new Socket(
                InetAddress.ofLiteral("127.0.0.1"), URI.create(relay.url()).getPort());
        socket.getOutputStream().write(("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(US_ASCII));
        return socket;
    }

    private static boolean ends(Socket socket) throws IOException {
        try {
            while (socket.getInputStream().read() >= 0) {
                assertThat(socket.isClosed()).isFalse();
            }
            return true;
        } catch (SocketException reset) {
            return true;
        }
    }

    private static boolean containsText(InputStream in, String text) throws IOException {
        StringBuilder received = new StringBuilder();
        int next = in.read();
        while (next >= 0) {
            received.append((char) next);
            if (received.indexOf(text) >= 0) {
                return true;
            }
            next = in.read();
        }
        return false;
    }
}

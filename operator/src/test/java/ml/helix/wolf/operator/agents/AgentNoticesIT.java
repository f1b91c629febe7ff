package ml.helix.wolf.operator.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentNoticesIT {
    private final AgentNotices notices = AgentNotices.listen(new InetSocketAddress("127.0.0.1", 0));
    private final Queue<String> heard = new ConcurrentLinkedQueue<>();
    private final InetSocketAddress address = address(notices.address());

    private static InetSocketAddress address(String text) {
        return new InetSocketAddress(
                text.substring(0, text.lastIndexOf(':')), Integer.parseInt(text.substring(text.lastIndexOf(':') + 1)));
    }

    @BeforeEach
    void start() {
        notices.start(id -> {
            heard.add(id);
            return !id.equals("stranger");
        });
    }

    @AfterEach
    void close() {
        notices.close();
    }

    @Test
    void aNoticeIsHeardAndAnswered() throws Exception {
        assertThat(send("POST /changed/7f-A HTTP/1.0\r\nHost: h\r\n\r\n")).startsWith("HTTP/1.0 202 ");
        assertThat(send("POST /changed/stranger HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.0 404 ");
        assertThat(heard).containsExactly("7f-A", "stranger");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /changed/a HTTP/1.0",
                "POST /changed/ HTTP/1.0",
                "POST /changed/a/b HTTP/1.0",
                "POST /changed/a?b HTTP/1.0",
                "POST /metrics HTTP/1.0",
                ""
            })
    void anythingElseIsNotFound(String request) throws Exception {
        assertThat(send(request + "\r\n\r\n")).startsWith("HTTP/1.0 404 ");
        assertThat(heard).isEmpty();
    }

    @Test
    void aHeadThatIsTooLongIsNotFound() throws Exception {
        assertThat(send("POST /changed/a HTTP/1.0\r\nX: " + "x".repeat(AgentNotices.MAX_BYTES)))
                .startsWith("HTTP/1.0 404 ");
        assertThat(heard).isEmpty();
    }

    @Test
    void silentCallersTakeABoundedNumberOfPlaces() throws Exception {
        var silent = new ArrayList<Socket>();
        try {
            for (int i = 0; i < AgentNotices.MAX_CONNECTIONS; i++) {
                silent.add(new Socket(address.getAddress(), address.getPort()));
            }
            try (var more = new Socket(address.getAddress(), address.getPort())) {
                assertThat(more.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
        while (!send("POST /changed/after HTTP/1.0\r\n\r\n").startsWith("HTTP/1.0 202 ")) {
            Thread.onSpinWait();
        }
    }

    @Test
    void anAddressInUseIsNamed() {
        assertThatThrownBy(() -> AgentNotices.listen(address))
                .hasMessageContaining("cannot listen on " + notices.address() + " for the agents' notices");
    }

    private String send(String request) throws Exception {
        try (var socket = new Socket(address.getAddress(), address.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}

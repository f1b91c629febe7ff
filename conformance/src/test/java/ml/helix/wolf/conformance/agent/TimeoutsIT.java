package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import ml.helix.wolf.testkit.FakeWolf;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * docs/protocol.md: the time limits, in real time, all tests at once. An agent with shorter limits for tests would not be
 * the agent that the protocol describes. The clock checks only lower bounds strictly.
 */
@Order(1) // it takes longest
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TimeoutsIT extends AgentSpec {
    private static final Duration LONG = Duration.ofSeconds(90);

    @Test
    void aHandshakeThatIsNeverAnsweredIsGivenUpAfter30Seconds() throws Exception {
        long since = System.nanoTime();
        InProcessAgent agent = start();
        Connection silent = server.control().patience(LONG);
        silent.end();
        assertThat(secondsSince(since)).isBetween(29L, 89L);
        agent.awaitReason("HandshakeTimeout");
        assertServes(accepted());
    }

    @Test
    void aHandshakeThatDripsIsGivenUpAfter30SecondsToo() throws Exception {
        InProcessAgent agent = start();
        Connection dripping = server.control().patience(Duration.ofSeconds(1));
        for (byte one : bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")) {
            try {
                dripping.raw(new byte[] {one}).frame();
            } catch (SocketTimeoutException e) {
                continue;
            } catch (IOException e) {
                break;
            }
        }
        agent.awaitReason("HandshakeTimeout");
        assertServes(accepted());
    }

    @Test
    void aConnectThatIsSwallowedIsGivenUpAfter30Seconds() throws Exception {
        List<Socket> queue = new ArrayList<>();
        try (var full = ServerSocketChannel.open()) {
            full.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 1);
            InetSocketAddress address = (InetSocketAddress) full.getLocalAddress();
            fill(address, queue);
            InProcessAgent agent = start("-api-url", "http://127.0.0.1:" + address.getPort());
            assertThat(agent.awaitReason(LONG, "ConnectFailure", "HandshakeTimeout")
                            .path("lastError")
                            .path("message")
                            .asText())
                    .isNotBlank();
        } finally {
            for (Socket socket : queue) {
                socket.close();
            }
        }
    }

    @Test
    void aPickupThatIsNeverAnsweredFailsAfter20SecondsAndALateAnswerIsClosedAtOnce() throws Exception {
        Connection control = connected();
        control.patience(LONG);
        String path = newPath();
        long since = System.nanoTime();
        control.connReady(path);
        Connection data = server.data();
        assertThat(pickupFailure(control, path)).contains("20 s");
        assertThat(secondsSince(since)).isBetween(19L, 89L);
        try {
            data.accept().binary("too late");
        } catch (IOException e) {
            assertThat(e.getMessage()).containsAnyOf("roken pipe", "onnection reset");
        }
        data.end();
        assertThat(wolf.next().readToEnd()).isEmpty();
        assertServes(control);
    }

    @Test
    void aPickupsDripsDoNotProlongIt() throws Exception {
        Connection control = connected();
        control.patience(LONG);
        String path = newPath();
        control.connReady(path);
        Connection data = server.data().patience(Duration.ofMillis(500));
        Thread.ofVirtual().start(() -> drip(data));
        assertThat(pickupFailure(control, path)).isNotBlank();
        assertServes(control);
    }

    @Test
    void aQuietDataConnectionGetsAPingEvery15Seconds() throws Exception {
        Connection data = openStream(connected()).atServer().patience(Duration.ofSeconds(25));

        assertThat(data.frame(Frame.PING)).isNotNull();
        assertThat(data.frame(Frame.PING)).isNotNull();
    }

    /** The agent can't distinguish it from a server whose caller reads nothing. */
    @Test
    void unansweredPingsOnADataConnectionEndNothing() throws Exception {
        StreamEnds stream = openStream(connected());
        for (int i = 0; i < 6; i++) {
            stream.atServer().frame(Frame.PING);
        }
        stream.atServer().binary("still here");
        assertThat(stream.atWolf().read(10)).isEqualTo(bytes("still here"));
    }

    @Test
    void aServerThatPromisedPingsAndFallsSilentIsLeftWithin60Seconds() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        Connection data = server.data();
        data.raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Wolf-Tunnel-Ping: 15\r\nSec-WebSocket-Accept: " + data.acceptKey() + "\r\n\r\n");
        ScriptedWolf.Stream atWolf = wolf.next();
        long since = System.nanoTime();

        data.patience(Duration.ofSeconds(90)).end();
        assertThat(atWolf.readToEnd()).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - since).toSeconds()).isBetween(40L, 75L);
    }

    @Test
    void sixtySecondsWithoutALineAreTheEndThoughPingsCome() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        StreamEnds stream = openStream(control);
        long since = System.nanoTime();
        control.patience(Duration.ofSeconds(5));
        control.keepAlive();
        while (secondsSince(since) < 100) {
            try {
                control.send(Frame.of(Frame.PING, bytes("alive?")));
                control.binary("{\"half a line\":");
                if (control.frame().opcode() == Frame.CLOSE) {
                    break;
                }
                TimeUnit.SECONDS.sleep(1);
            } catch (SocketTimeoutException e) {
                continue;
            } catch (IOException e) {
                break;
            }
        }
        assertThat(secondsSince(since)).isBetween(59L, 99L);
        agent.awaitReason("KeepAliveTimeout");
        Connection next = accepted();
        stream.atServer().binary("and the stream lives");
        assertThat(stream.atWolf().read(20)).isEqualTo(bytes("and the stream lives"));
        assertServes(next);
    }

    @Test
    void linesKeepAConnectionAliveWhoseServerAnswersNoPing() throws Exception {
        Connection control = connected();
        StreamEnds idle = openStream(control);
        idle.atServer().patience(LONG);
        control.patience(Duration.ofSeconds(18));
        long since = System.nanoTime();
        int pings = 0;
        while (secondsSince(since) < 65) {
            try {
                pings += control.frame().opcode() == Frame.PING ? 1 : 0;
            } catch (SocketTimeoutException e) {
                // nothing came; the next line is sent all the same
            }
            control.keepAlive();
        }
        assertThat(pings).as("pings, one every 15 s").isBetween(3, 5);
        idle.atServer().binary("a stream that nobody used for a minute");
        assertThat(idle.atWolf().read(38)).isEqualTo(bytes("a stream that nobody used for a minute"));
        assertServes(control);
    }

    @Test
    void aBlackHoleWhereWolfShouldBeFailsAfter5SecondsEachAndDelaysNobody() throws Exception {
        try (FakeWolf hole = FakeWolf.onLoopback().start(FakeWolf.Behaviour.NEVER_ACCEPTS)) {
            server.onData(Connection::accept);
            Connection control = connected("-local", hole.local());
            long since = System.nanoTime();
            for (int i = 0; i < 50; i++) {
                control.connReady(newPath());
            }
            control.connReady("//refused at once");
            pickupFailure(control, "//refused at once");
            control.send(Frame.of(Frame.PING, bytes("still there?")));
            assertThat(control.frame(Frame.PONG).text()).isEqualTo("still there?");
            for (int i = 0; i < 50; i++) {
                assertThat(line(control).path("err").asText()).contains("5 s");
            }
            assertThat(secondsSince(since)).isBetween(4L, 89L);
        }
    }

    private static void fill(InetSocketAddress address, List<Socket> queue) {
        try {
            while (queue.size() < 16) {
                Socket socket = new Socket();
                queue.add(socket);
                socket.connect(address, 300);
            }
        } catch (IOException e) {
            assertThat(queue).hasSizeGreaterThan(1);
        }
    }

    private static void drip(Connection data) {
        try {
            data.raw("HTTP/1.1 101 Switching Protocols\r\n");
            while (true) {
                data.raw("X");
                try {
                    data.frame();
                } catch (SocketTimeoutException e) {
                    continue;
                }
            }
        } catch (IOException e) {
            // the agent has closed it
        }
    }

    private static long secondsSince(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos).toSeconds();
    }
}

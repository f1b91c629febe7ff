package ml.helix.wolf.controlplane.revdial;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.ControlEnd;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.testkit.ManualScheduler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlEndpointTest {
    private final FakeCoreSession session = new FakeCoreSession();
    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager connections =
            new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, timers::nanoTime);
    private final Set<ControlEndpoint> open = ConcurrentHashMap.newKeySet();
    private final ControlEndpoint socket = socket("wolf-1");

    private long passed;

    @BeforeEach
    void opens() {
        socket.onOpen(session, Callback.NOOP);
    }

    @Test
    void aPingGoesOutEvery15Seconds() throws Exception {
        pass(Duration.ofSeconds(14));
        assertThat(pings()).isZero();
        pass(Duration.ofSeconds(1));
        assertThat(pings()).isEqualTo(1);
        pass(Duration.ofSeconds(15));
        assertThat(pings()).isEqualTo(2);
    }

    @Test
    void anAgentThatAnswersNoneFor45SecondsIsCut() throws Exception {
        pass(Duration.ofSeconds(44));
        assertThat(session.aborted).isFalse();

        pass(Duration.ofSeconds(1));

        assertThat(session.aborted).isTrue();
    }

    @Test
    void anAgentThatAnswersIsNotCut() throws Exception {
        for (int i = 0; i < 20; i++) {
            pass(Duration.ofSeconds(30));
            socket.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
        }

        assertThat(session.aborted).isFalse();
    }

    @ParameterizedTest
    @ValueSource(bytes = {OpCode.PING, OpCode.PONG, OpCode.BINARY})
    void anAgentThatSendsMoreFramesThanItsBudgetIsClosedWith1008(byte opCode) {
        for (int i = 0; i < FrameBudget.BURST; i++) {
            socket.onFrame(new Frame(opCode), Callback.NOOP);
        }
        int demands = session.demands();
        assertThat(session.closeCode).isZero();

        socket.onFrame(new Frame(opCode), Callback.NOOP);

        assertThat(session.closeCode).isEqualTo(CloseStatus.POLICY_VIOLATION);
        assertThat(session.demands()).isEqualTo(demands);
    }

    @Test
    void linesCountAndSoDoBytes() {
        byte[] lines = "{}\n".repeat(FrameBudget.BURST / 4).getBytes(UTF_8);
        socket.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(lines)), Callback.NOOP);
        byte[] blanks = " ".repeat(1023).concat("\n").getBytes(UTF_8);
        blanks[0] = '{';
        blanks[1] = '}';
        for (int i = 0; i < FrameBudget.BURST / 4 - 10; i++) {
            socket.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(blanks)), Callback.NOOP);
        }
        assertThat(session.closeCode).isZero();

        socket.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(lines)), Callback.NOOP);

        assertThat(session.closeCode).isEqualTo(CloseStatus.POLICY_VIOLATION);
    }

    @Test
    void theBudgetOfAFullSecondIsTenThousandFrames() throws Exception {
        for (int second = 0; second < 30; second++) {
            for (int i = 0; i < FrameBudget.PER_SECOND; i++) {
                socket.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
            }
            pass(Duration.ofSeconds(1));
        }

        assertThat(session.closeCode).isZero();
    }

    @Test
    void anAgentThatIsGoneIsInItsGracePeriodAndNotPinged() throws Exception {
        assertThat(connections.stats().activeConnections()).isEqualTo(1);

        socket.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);
        pass(Duration.ofSeconds(20));

        assertThat(connections.stats().activeConnections()).isZero();
        assertThat(connections.stats().gracePeriodEntries()).isEqualTo(1);
        assertThat(pings()).isZero();
        assertThat(socket.gone()).isDone();
    }

    @Test
    void aConnectionThatIsOverBeforeItIsQuiteOpenLeavesNothingBehind() throws Exception {
        connections.close();
        var brief = new FakeCoreSession();
        var late = socket("wolf-2");
        brief.whenClosed = () -> late.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

        late.onOpen(brief, Callback.NOOP);
        timers.advance(ControlEndpoint.PONG_TIMEOUT);

        assertThat(brief.closeCode).isEqualTo(1001);
        assertThat(brief.count(OpCode.PING)).isZero();
        assertThat(open).containsExactly(socket);
    }

    @ParameterizedTest
    @CsvSource({"CLOSED, 1001", "REPLACED, 4001", "PROTOCOL_ERROR, 1002", "KEEP_ALIVE_TIMEOUT, 1000"})
    void theCloseFrameSaysWhy(ControlEnd.Cause cause, int code) throws Exception {
        socket.close(new ControlEnd(cause, "because"));
        assertThat(session.closeCode).isEqualTo(code);
        assertThat(session.aborted).isFalse();

        pass(Duration.ofSeconds(5));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void anAgentThatAnswersItsDisplacementAndComesBackIsAConflict() throws Exception {
        takeOver("b");
        assertThat(session.closeCode).isEqualTo(4001);
        socket.onFrame(new Frame(OpCode.CLOSE), Callback.NOOP);
        assertThat(connections.runner("wolf-1").orElseThrow().displaced()).isFalse();

        takeOver("a");
        assertThat(connections.runner("wolf-1").orElseThrow().displaced()).isTrue();
    }

    private void takeOver(String instance) {
        new ControlEndpoint(
                        "wolf-1",
                        control -> connections.connected("wolf-1", new RemoteAgent(instance, "192.0.2.1", 2), control),
                        timers,
                        timers::nanoTime,
                        open)
                .onOpen(new FakeCoreSession(), Callback.NOOP);
    }

    private ControlEndpoint socket(String id) {
        return new ControlEndpoint(
                id,
                control -> connections.connected(id, new RemoteAgent("a", "192.0.2.1", 1), control),
                timers,
                timers::nanoTime,
                open);
    }

    private long pings() {
        return session.count(OpCode.PING);
    }

    /** Second by second, so that the keep-alives, which have a thread of their own, are sent in time. */
    private void pass(Duration time) throws InterruptedException {
        for (long i = 0; i < time.toSeconds(); i++) {
            timers.advance(Duration.ofSeconds(1));
            passed++;
            if (connections.stats().activeConnections() == 1 && session.closeCode == 0) {
                session.awaitSent(OpCode.BINARY, 1 + passed / 18);
            }
        }
    }
}

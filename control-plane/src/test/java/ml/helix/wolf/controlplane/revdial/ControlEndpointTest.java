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
    private final ControlEndpoint endpoint = endpoint("wolf-1");

    private long secondsPassed;

    @BeforeEach
    void open() {
        endpoint.onOpen(session, Callback.NOOP);
    }

    @Test
    void aPingIsSentEvery15Seconds() throws Exception {
        pass(Duration.ofSeconds(14));
        assertThat(pings()).isZero();
        pass(Duration.ofSeconds(1));
        assertThat(pings()).isEqualTo(1);
        pass(Duration.ofSeconds(15));
        assertThat(pings()).isEqualTo(2);
    }

    @Test
    void anAgentThatSendsNoPongFor45SecondsIsCut() throws Exception {
        pass(Duration.ofSeconds(44));
        assertThat(session.aborted).isFalse();

        pass(Duration.ofSeconds(1));

        assertThat(session.aborted).isTrue();
    }

    @Test
    void anAgentThatSendsPongsIsNotCut() throws Exception {
        for (int i = 0; i < 20; i++) {
            pass(Duration.ofSeconds(30));
            endpoint.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
        }

        assertThat(session.aborted).isFalse();
    }

    @ParameterizedTest
    @ValueSource(bytes = {OpCode.PING, OpCode.PONG, OpCode.BINARY})
    void anAgentThatSendsMoreFramesThanItsBudgetIsClosedWith1008(byte opCode) {
        session.exceedBudget(endpoint, opCode);
    }

    @Test
    void linesAndBytesCountTowardsTheBudget() {
        byte[] lines = "{}\n".repeat(FrameBudget.BURST / 4).getBytes(UTF_8);
        endpoint.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(lines)), Callback.NOOP);
        byte[] blanks = " ".repeat(1023).concat("\n").getBytes(UTF_8);
        blanks[0] = '{';
        blanks[1] = '}';
        for (int i = 0; i < FrameBudget.BURST / 4 - 10; i++) {
            endpoint.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(blanks)), Callback.NOOP);
        }
        assertThat(session.closeCode).isZero();

        endpoint.onFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(lines)), Callback.NOOP);

        assertThat(session.closeCode).isEqualTo(CloseStatus.POLICY_VIOLATION);
    }

    @Test
    void tenThousandFramesEverySecondAreWithinTheBudget() throws Exception {
        for (int second = 0; second < 30; second++) {
            for (int i = 0; i < FrameBudget.PER_SECOND; i++) {
                endpoint.onFrame(new Frame(OpCode.PONG), Callback.NOOP);
            }
            pass(Duration.ofSeconds(1));
        }

        assertThat(session.closeCode).isZero();
    }

    @Test
    void aClosedConnectionBeginsTheGracePeriodAndIsNotPinged() throws Exception {
        assertThat(connections.stats().activeConnections()).isEqualTo(1);

        endpoint.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);
        pass(Duration.ofSeconds(20));

        assertThat(connections.stats().activeConnections()).isZero();
        assertThat(connections.stats().gracePeriodEntries()).isEqualTo(1);
        assertThat(pings()).isZero();
        assertThat(endpoint.closed()).isDone();
    }

    @Test
    void aConnectionThatClosesWhileItOpensLeavesNothingBehind() throws Exception {
        connections.close();
        var briefSession = new FakeCoreSession();
        var brief = endpoint("wolf-2");
        briefSession.whenClosed = () -> brief.onClosed(CloseStatus.NO_CLOSE_STATUS, Callback.NOOP);

        brief.onOpen(briefSession, Callback.NOOP);
        timers.advance(ControlEndpoint.PONG_TIMEOUT);

        assertThat(briefSession.closeCode).isEqualTo(1001);
        assertThat(briefSession.count(OpCode.PING)).isZero();
        assertThat(open).containsExactly(endpoint);
    }

    @ParameterizedTest
    @CsvSource({"CLOSED, 1001", "DISPLACED, 4001", "PROTOCOL_ERROR, 1002", "KEEP_ALIVE_TIMEOUT, 1000"})
    void theCloseFrameSaysWhy(ControlEnd.Cause cause, int code) throws Exception {
        endpoint.close(new ControlEnd(cause, "because"));
        assertThat(session.closeCode).isEqualTo(code);
        assertThat(session.aborted).isFalse();

        pass(Duration.ofSeconds(5));
        assertThat(session.aborted).isTrue();
    }

    @Test
    void anAgentThatConfirmsItsDisplacementAndComesBackIsAConflict() throws Exception {
        takeOver("b");
        assertThat(session.closeCode).isEqualTo(4001);
        endpoint.onFrame(new Frame(OpCode.CLOSE), Callback.NOOP);
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

    private ControlEndpoint endpoint(String id) {
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

    /** Advances second by second: keep-alives are sent by a thread of their own, which has to keep up. */
    private void pass(Duration time) throws InterruptedException {
        for (long i = 0; i < time.toSeconds(); i++) {
            timers.advance(Duration.ofSeconds(1));
            secondsPassed++;
            if (connections.stats().activeConnections() == 1 && session.closeCode == 0) {
                session.awaitSent(OpCode.BINARY, 1 + secondsPassed / 18);
            }
        }
    }
}

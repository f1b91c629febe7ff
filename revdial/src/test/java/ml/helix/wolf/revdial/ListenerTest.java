package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class ListenerTest {
    private static final String KEEP_ALIVE = "{\"command\":\"keep-alive\"}\n";
    private static final String CONN_PATH =
            "/revdial?revdial.dialer=" + "d".repeat(32) + "&revdial.req=" + "e".repeat(32);

    private final ManualScheduler timers = new ManualScheduler();
    private final FakeControl control = new FakeControl();
    private final FakePickup pickup = new FakePickup();
    private final AtomicInteger reconnects = new AtomicInteger();
    private final Listener listener =
            new Listener(control, pickup, timers, timers::nanoTime, reconnects::incrementAndGet);

    @Test
    void aConnReadyIsPickedUpAndServed() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        assertThat(call.connPath.target()).isEqualTo("/api/v1" + CONN_PATH);
        call.succeed();
        Waiting.result(call.served);
        assertThat(control.sent).isEmpty();
        assertThat(pickup.failures).isEmpty();
    }

    @Test
    void aConnReadyOfAnOldServerWithoutARequestIdIsPickedUpToo() throws Exception {
        connReady("/revdial?revdial.dialer=" + "d".repeat(32));
        FakePickup.Call call = Waiting.next(pickup.calls);
        assertThat(call.connPath.target()).isEqualTo("/api/v1/revdial?revdial.dialer=" + "d".repeat(32));
        call.succeed();
        Waiting.result(call.served);
    }

    @Test
    void aReconnectIsHandedOnAndEndsNothing() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        receive("{\"command\":\"reconnect\"}\n{\"command\":\"reconnect\",\"why\":1}\n");
        assertThat(reconnects).hasValue(2);
        assertThat(control.isOpen()).isTrue();
        assertThat(listener.isPickingUp()).isTrue();
        call.succeed();
        Waiting.result(call.served);
        assertThat(listener.isPickingUp()).isFalse();
    }

    @Test
    void unknownCommandsAndTheServersOwnAreIgnored() throws Exception {
        receive(
                "{\"command\":\"dance\",\"connPath\":\"/revdial\"}\n{\"command\":\"pickup-failed\",\"err\":\"x\"}\n{}\n");
        connReady(CONN_PATH);
        assertThat(Waiting.next(pickup.calls).connPath.raw()).isEqualTo(CONN_PATH);
        assertThat(control.isOpen()).isTrue();
        assertThat(control.sent).isEmpty();
    }

    @Test
    void aFailedPickupIsReportedWithItsReasonAndTheConnPathByteForByte() throws Exception {
        receive("{\"command\":\"conn-ready\",\"connPath\":\"" + CONN_PATH.replace("&", "\\u0026") + "\"}\n");
        Waiting.next(pickup.calls).fail(new PickupException("Wolf refused the connection"));
        assertThat(Waiting.next(control.sent))
                .isEqualTo("{\"command\":\"pickup-failed\",\"connPath\":\"" + CONN_PATH
                        + "\",\"err\":\"Wolf refused the connection\"}\n");
        assertThat(Waiting.next(pickup.failures)).hasMessage("Wolf refused the connection");
    }

    @Test
    void everyOtherFailureOfAPickupIsReportedToo() throws Exception {
        connReady(CONN_PATH);
        Waiting.next(pickup.calls).fail(new IOException("connection reset"));
        assertThat(control.next()).isEqualTo(new PickupFailed(CONN_PATH, "connection reset"));
        connReady(CONN_PATH);
        Waiting.next(pickup.calls).fail(new IOException());
        assertThat(control.next()).isEqualTo(new PickupFailed(CONN_PATH, "java.io.IOException"));
        connReady(CONN_PATH);
        Waiting.next(pickup.calls).fail(new IllegalStateException("inner detail"));
        assertThat(control.next())
                .isEqualTo(new PickupFailed(CONN_PATH, "the agent has a fault: IllegalStateException"));
        assertThat(control.isOpen()).isTrue();
    }

    @Test
    void aFaultOfAPickupIsLoggedWithItsStackTrace() throws Exception {
        var logger = (Logger) LoggerFactory.getLogger(Listener.class);
        var logged = new ListAppender<ILoggingEvent>();
        logged.start();
        logger.addAppender(logged);
        try {
            connReady(CONN_PATH);
            Waiting.next(pickup.calls).fail(new IllegalStateException("inner detail"));
            control.next();
        } finally {
            logger.detachAppender(logged);
        }
        assertThat(logged.list)
                .extracting(ILoggingEvent::getThrowableProxy)
                .filteredOn(Objects::nonNull)
                .singleElement()
                .satisfies(thrown -> {
                    assertThat(thrown.getMessage()).isEqualTo("inner detail");
                    assertThat(thrown.getStackTraceElementProxyArray()).isNotEmpty();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"//evil/revdial", "http://evil/revdial", "@evil", "/../x", "/a b", "/\\\\evil", "", "/é"})
    void aHostileConnPathIsRefusedWithoutAnyPickup(String json) throws Exception {
        receive("{\"command\":\"conn-ready\",\"connPath\":\"" + json + "\"}\n");
        assertThat(control.next()).isInstanceOfSatisfying(PickupFailed.class, failed -> {
            assertThat(failed.connPath()).isEqualTo(json.replace("\\\\", "\\"));
            assertThat(failed.err()).startsWith("connPath refused: ");
        });
        assertThat(pickup.calls).isEmpty();
        assertThat(control.isOpen()).isTrue();
    }

    @Test
    void aConnPathTooLongToBeEchoedEndsTheConnection() throws Exception {
        connReady("/" + "p".repeat(5000));
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.PROTOCOL_ERROR);
        assertThat(pickup.calls).isEmpty();
        assertThat(control.sent).isEmpty();
    }

    @Test
    void aLongConnPathThatCanBeEchoedIsPickedUp() throws Exception {
        connReady("/revdial?" + "p".repeat(4000));
        Waiting.next(pickup.calls).fail(new PickupException("a reason that doesn't fit any more ".repeat(4)));
        assertThat(Waiting.next(control.sent)).hasSize(ControlLines.PEER_LIMIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "nonsense\n", "[]\n", "{\"command\":\n"})
    void aLineThatIsNotAJsonObjectEndsTheConnectionAndNothingAfterItCounts(String line) throws Exception {
        receive(line + "{\"command\":\"conn-ready\",\"connPath\":\"" + CONN_PATH + "\"}\n");
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.PROTOCOL_ERROR);
        connReady(CONN_PATH);
        assertThat(pickup.calls).isEmpty();
    }

    @Test
    void anEndlessLineEndsTheConnection() throws Exception {
        for (int i = 0; i < 17; i++) {
            receive("x".repeat(4096));
        }
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.PROTOCOL_ERROR);
    }

    @Test
    void sixtySecondsWithoutAnyLineEndTheConnection() throws Exception {
        timers.advance(Duration.ofSeconds(60).minusNanos(1));
        assertThat(control.isOpen()).isTrue();
        timers.advance(Duration.ofNanos(1));
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.KEEP_ALIVE_TIMEOUT);
    }

    @Test
    void onlyACompleteLineCountsAsASignOfLife() throws Exception {
        timers.advance(Duration.ofSeconds(40));
        receive(KEEP_ALIVE);
        timers.advance(Duration.ofSeconds(59));
        assertThat(control.isOpen()).isTrue();
        receive("{\"command\":");
        timers.advance(Duration.ofSeconds(1));
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.KEEP_ALIVE_TIMEOUT);
    }

    @Test
    void aServerThatKeepsAliveEvery18SecondsIsNeverTakenForDead() {
        for (int i = 0; i < 200; i++) {
            receive(KEEP_ALIVE);
            timers.advance(Duration.ofSeconds(18));
        }
        assertThat(control.isOpen()).isTrue();
        assertThat(timers.waitingTasks()).isEqualTo(1);
    }

    @Test
    void aPickupThatTakes20SecondsIsReportedInterruptedAndItsConnectionClosed() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        call.deaf = true;
        timers.advance(Duration.ofSeconds(20).minusMillis(1));
        assertThat(control.sent).isEmpty();
        timers.advance(Duration.ofMillis(1));
        assertThat(control.next()).isEqualTo(new PickupFailed(CONN_PATH, "the pickup took longer than 20 s"));
        Waiting.result(call.interrupted);
        call.succeed();
        Waiting.result(call.closed);
        assertThat(call.served).isNotDone();
        assertThat(control.sent).isEmpty();
        assertThat(pickup.failures).hasSize(1);
    }

    @Test
    void aPickupThatFailsAfterItsTimeoutIsNotReportedTwice() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        timers.advance(Duration.ofSeconds(20));
        Waiting.result(call.interrupted);
        assertThat(control.next()).isInstanceOf(PickupFailed.class);
        connReady(CONN_PATH + "2");
        Waiting.next(pickup.calls).fail(new PickupException("next"));
        assertThat(control.next()).isEqualTo(new PickupFailed(CONN_PATH + "2", "next"));
    }

    @Test
    void aServedStreamIsNotInterruptedByThePickupTimeout() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        call.succeed();
        Waiting.result(call.served);
        receive(KEEP_ALIVE);
        timers.advance(Duration.ofSeconds(50));
        assertThat(call.interrupted).isNotDone();
        assertThat(call.closed).isNotDone();
        assertThat(control.sent).isEmpty();
    }

    @Test
    void fiveHundredConnReadyAtOnceLoseNone() throws Exception {
        StringBuilder burst = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            burst.append("{\"command\":\"conn-ready\",\"connPath\":\"/revdial?revdial.req=" + i + "\"}\n");
        }
        receive(burst.toString());
        List<FakePickup.Call> calls = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            calls.add(Waiting.next(pickup.calls));
            seen.add(calls.getLast().connPath.raw());
        }
        assertThat(seen).hasSize(500);
        for (int i = 0; i < 500; i++) {
            if (i % 2 == 0) {
                calls.get(i).succeed();
            } else {
                calls.get(i).fail(new PickupException("odd"));
            }
        }
        for (int i = 0; i < 500; i++) {
            if (i % 2 == 0) {
                Waiting.result(calls.get(i).served);
            } else {
                assertThat(control.next()).isInstanceOf(PickupFailed.class);
            }
        }
        assertThat(control.sent).isEmpty();
    }

    @Test
    void oneBlockedPickupDelaysNoOther() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call stuck = Waiting.next(pickup.calls);
        connReady(CONN_PATH + "2");
        FakePickup.Call next = Waiting.next(pickup.calls);
        next.succeed();
        Waiting.result(next.served);
        stuck.succeed();
        Waiting.result(stuck.served);
    }

    @Test
    void pickupsUnderWayAreBoundedAndMoreAreRefused() throws Exception {
        List<FakePickup.Call> calls = new ArrayList<>();
        for (int i = 0; i < Listener.MAX_PICKUPS; i++) {
            connReady("/revdial?n=" + i);
            calls.add(Waiting.next(pickup.calls));
        }
        connReady("/revdial?one-too-many");
        assertThat(control.next())
                .isEqualTo(new PickupFailed("/revdial?one-too-many", "the agent has 4096 pickups under way"));
        calls.getFirst().succeed();
        Waiting.result(calls.getFirst().served);
        connReady("/revdial?room-again");
        assertThat(Waiting.next(pickup.calls).connPath.raw()).isEqualTo("/revdial?room-again");
        calls.forEach(FakePickup.Call::succeed);
    }

    @Test
    void aDrainingAgentRefusesNewConnReadyAndFinishesPickupsUnderWay() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call before = Waiting.next(pickup.calls);
        listener.drain();
        connReady(CONN_PATH + "2");
        assertThat(control.next()).isEqualTo(new PickupFailed(CONN_PATH + "2", "the agent is stopping"));
        assertThat(pickup.calls).isEmpty();
        before.succeed();
        Waiting.result(before.served);
        assertThat(control.isOpen()).isTrue();
    }

    @Test
    void aPickupOutlivesItsControlConnection() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        listener.close();
        assertThat(control.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
        call.succeed();
        Waiting.result(call.served);
        assertThat(call.interrupted).isNotDone();
    }

    @Test
    void afterCloseNothingIsPickedUpAndNoTimerIsLeft() {
        listener.close();
        listener.close();
        connReady(CONN_PATH);
        assertThat(pickup.calls).isEmpty();
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void aFailureThatCannotBeReportedHarmsNothing() throws Exception {
        connReady(CONN_PATH);
        FakePickup.Call call = Waiting.next(pickup.calls);
        listener.close();
        call.fail(new PickupException("too late"));
        assertThat(Waiting.next(pickup.failures)).hasMessage("too late");
        assertThat(control.sent).isEmpty();
    }

    private void connReady(String connPath) {
        receive("{\"command\":\"conn-ready\",\"connPath\":\"" + connPath + "\"}\n");
    }

    private void receive(String text) {
        listener.receive(FakeControl.bytes(text));
    }
}

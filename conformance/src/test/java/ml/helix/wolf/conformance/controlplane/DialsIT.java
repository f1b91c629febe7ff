package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;

/** Contract, section 1, server: how dials succeed and fail. */
class DialsIT extends ControlPlaneSpec {

    @Test
    void aDialToAnUnknownIdIsNoConnection() throws Exception {
        start();
        assertError(call("wolf-nobody", ""), 503, "NoConnection");
    }

    @Test
    void aDialThatNobodyPicksUpIsADialTimeout() throws Exception {
        start("-dial-timeout", "5"); // also the limit of the call at the end
        Connection control = connect(ID);
        var call = call(ID, "");
        String path = awaitConnReady(control);
        assertError(call, 504, "DialTimeout");
        Connection late = pickUp(path);
        if (late.head().status() == 101) {
            late.end();
        }
        assertServes(control, ID);
    }

    @Test
    void aDialToAnIdThatDoesNotComeBackIsAReconnectTimeout() throws Exception {
        start("-grace", "6");
        Connection control = connect(ID);
        control.send(Frame.close(1000, ""));
        control.end();
        assertError(call(ID, ""), 504, "ReconnectTimeout");
        assertError(call(ID, ""), 503, "NoConnection");
    }

    @Test
    void atMost100DialsWaitForAnIdToComeBack() throws Exception {
        start("-grace", "120", "-dial-timeout", "120");
        Connection control = connect(ID);
        control.send(Frame.close(1000, ""));
        control.end();
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            calls.add(call(ID, ""));
        }
        CompletableFuture.anyOf(calls.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        var refused =
                calls.stream().filter(CompletableFuture::isDone).findFirst().orElseThrow();
        assertError(refused, 503, "MaxPendingDials");
        assertThat(calls.stream().filter(CompletableFuture::isDone)).hasSize(1);
        Connection next = connect(ID);
        for (int i = 0; i < 100; i++) {
            respond(pickUp(awaitConnReady(next)), "served after the wait");
        }
        for (var call : calls) {
            assertThat(call.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(call == refused ? 503 : 200);
        }
    }

    @Test
    void aWaitingDialIsAskedForAgainOnTheNewerConnection() throws Exception {
        start();
        Connection older = connect(ID);
        var call = call(ID, "");
        String first = awaitConnReady(older);
        Connection newer = connect(ID);
        String second = awaitConnReady(newer);
        assertThat(second).isNotEqualTo(first);
        respond(pickUp(second), "picked up for the newer connection");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("picked up for the newer connection");
        older.end();
        assertServes(newer, ID);
    }

    @Test
    void theOlderConnectionIsClosedWith4001WhenItsRunningStreamsAreDone() throws Exception {
        start();
        Connection older = connect(ID);
        var call = call(ID, "");
        Connection running = pickUp(awaitConnReady(older));
        running.read(1);
        Connection newer = connect(ID);
        assertServes(newer, ID);
        older.send(Frame.of(Frame.PING, new byte[0]));
        assertThat(older.frame(Frame.PONG)).isNotNull();
        sendResponse(running, "done");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("done");
        assertThat(older.end().closeCode()).hasValue(4001);
    }

    @Test
    void aDialWhoseAgentDropsIsAskedForAgainWhenTheAgentIsBack() throws Exception {
        start();
        Connection control = connect(ID);
        var call = call(ID, "");
        awaitConnReady(control);
        control.reset();
        Connection next = connect(ID);
        respond(pickUp(awaitConnReady(next)), "second try");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("second try");
    }

    @Test
    void pickupsGoToTheDialsOfTheirOwnIds() throws Exception {
        start();
        Connection one = connect("wolf-1");
        Connection two = connect("wolf-2");
        var first = call("wolf-1", "");
        var second = call("wolf-2", "");
        respond(pickUp(awaitConnReady(two)), "two");
        respond(pickUp(awaitConnReady(one)), "one");
        assertThat(first.get(30, TimeUnit.SECONDS).body()).isEqualTo("one");
        assertThat(second.get(30, TimeUnit.SECONDS).body()).isEqualTo("two");
    }

    @Test
    void aResponseOutlivesTheControlConnection() throws Exception {
        start();
        Connection control = connect(ID);
        var call = call(ID, "");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        control.reset();
        sendResponse(data, "still");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("still");
    }

    @Test
    void aStreamThatBreaksBeforeItsResponseFailsOnlyItsOwnCall() throws Exception {
        start();
        Connection control = connect(ID);
        var call = call(ID, "");
        Connection data = pickUp(awaitConnReady(control));
        data.reset();
        assertThat(call.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(502);
        assertServes(control, ID);
    }
}

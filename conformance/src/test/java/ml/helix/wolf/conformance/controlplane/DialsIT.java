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

/** Contract, section 1, server: what becomes of a dial. */
class DialsIT extends ControlPlaneSpec {

    @Test
    void toAnIdThatNeverCameItIsNoConnection() throws Exception {
        start();
        error(call("wolf-nobody", ""), 503, "NoConnection");
    }

    @Test
    void thatNobodyPicksUpItIsADialTimeout() throws Exception {
        start("-dial-timeout", "5"); // the call that is served at the end has no more either
        Connection control = connected(ID);
        var call = call(ID, "");
        String path = connPath(control);
        error(call, 504, "DialTimeout");
        Connection late = pickUp(path);
        if (late.head().status() == 101) {
            late.end();
        }
        serves(control, ID);
    }

    @Test
    void toAnIdThatDoesNotComeBackItIsAReconnectTimeout() throws Exception {
        start("-grace", "6");
        Connection control = connected(ID);
        control.send(Frame.close(1000, ""));
        control.end();
        error(call(ID, ""), 504, "ReconnectTimeout");
        error(call(ID, ""), 503, "NoConnection");
    }

    @Test
    void atMost100WaitForAnIdToComeBack() throws Exception {
        start("-grace", "120", "-dial-timeout", "120");
        Connection control = connected(ID);
        control.send(Frame.close(1000, ""));
        control.end();
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            calls.add(call(ID, ""));
        }
        CompletableFuture.anyOf(calls.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        var refused =
                calls.stream().filter(CompletableFuture::isDone).findFirst().orElseThrow();
        error(refused, 503, "MaxPendingDials");
        assertThat(calls.stream().filter(CompletableFuture::isDone)).hasSize(1);
        Connection next = connected(ID);
        for (int i = 0; i < 100; i++) {
            answer(pickUp(connPath(next)), "waited");
        }
        for (var call : calls) {
            assertThat(call.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(call == refused ? 503 : 200);
        }
    }

    @Test
    void toAnIdThatConnectsAnewItIsAskedAgainOnTheNewerConnection() throws Exception {
        start();
        Connection older = connected(ID);
        var call = call(ID, "");
        String first = connPath(older);
        Connection newer = connected(ID);
        String second = connPath(newer);
        assertThat(second).isNotEqualTo(first);
        answer(pickUp(second), "by the newer");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("by the newer");
        older.end();
        serves(newer, ID);
    }

    @Test
    void theOlderConnectionIsClosedWhenItsRunningStreamsAreDone() throws Exception {
        start();
        Connection older = connected(ID);
        var call = call(ID, "");
        Connection running = pickUp(connPath(older));
        running.read(1);
        Connection newer = connected(ID);
        serves(newer, ID);
        older.send(Frame.of(Frame.PING, new byte[0]));
        assertThat(older.frame(Frame.PONG)).isNotNull();
        running.binary("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        running.fin();
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("done");
        older.end();
    }

    @Test
    void aDialWhoseAgentDropsIsAskedAgainWhenItIsBack() throws Exception {
        start();
        Connection control = connected(ID);
        var call = call(ID, "");
        connPath(control);
        control.reset();
        Connection next = connected(ID);
        answer(pickUp(connPath(next)), "second try");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("second try");
    }

    @Test
    void idsDoNotGetInEachOthersWay() throws Exception {
        start();
        Connection one = connected("wolf-1");
        Connection two = connected("wolf-2");
        var first = call("wolf-1", "");
        var second = call("wolf-2", "");
        answer(pickUp(connPath(two)), "two");
        answer(pickUp(connPath(one)), "one");
        assertThat(first.get(30, TimeUnit.SECONDS).body()).isEqualTo("one");
        assertThat(second.get(30, TimeUnit.SECONDS).body()).isEqualTo("two");
    }

    @Test
    void dataConnectionsOutliveTheControlConnection() throws Exception {
        start();
        Connection control = connected(ID);
        var call = call(ID, "");
        Connection data = pickUp(connPath(control));
        data.read(1);
        control.reset();
        data.binary("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nstill");
        data.fin();
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("still");
    }

    @Test
    void aStreamThatEndsBeforeAnAnswerFailsOnlyItsOwnCall() throws Exception {
        start();
        Connection control = connected(ID);
        var call = call(ID, "");
        Connection data = pickUp(connPath(control));
        data.reset();
        assertThat(call.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(502);
        serves(control, ID);
    }
}

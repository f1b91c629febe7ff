package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Contract, section 4, {@code -pool}: data connections that are picked up ahead of need. */
class PoolIT extends ControlPlaneSpec {
    private static final String HITS = "wolf_control_plane_pool_hits_total";
    private static final String IDLE = "wolf_control_plane_pool_idle";

    @Test
    void requestsInARowGetWhatWasPickedUpAhead() throws Exception {
        start("-pool", "4");
        ServingAgent.connect(this, ID, ServingAgent.responding(this));
        for (int i = 0; metric(HITS) < 20; i++) {
            assertThat(call("GET").body()).as("request %d", i).isEqualTo(ID);
        }
        awaitMetric(IDLE, 0); // seconds after the last one
        awaitMetric("wolf_control_plane_streams_active", 0);
    }

    @Test
    void forwardsGetThemToo() throws Exception {
        start("-pool", "2", "-forward", "127.0.0.1:0=" + ID);
        ServingAgent.connect(this, ID, ServingAgent.responding(this));
        while (metric(HITS) < 3) {
            Socket caller = connectToForward();
            caller.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            assertThat(new String(caller.getInputStream().readAllBytes(), US_ASCII))
                    .endsWith(ID);
        }
    }

    @Test
    void anIdThatIsNotBusyHasNone() throws Exception {
        start("-pool", "4");
        Connection control = connect(ID);
        assertServes(control, ID);
        control.send(Frame.of(Frame.PING, new byte[0]));
        assertThat(control.frame().opcode()).as("no conn-ready before it").isEqualTo(Frame.PONG);
        assertThat(metric(IDLE)).isZero();
    }

    @Test
    void anIdleOneIsNoRunningStreamAndIsClosedWhenItsControlConnectionIsDisplaced() throws Exception {
        start("-pool", "4");
        var agent = new BusyAgent();
        agent.makeBusy();
        awaitMetric("wolf_control_plane_streams_active", 0);
        connect(ID);
        assertThat(agent.controlEnd.get(60, TimeUnit.SECONDS)).contains("4001");
        awaitMetric(IDLE, 0);
    }

    @Test
    void oneWhoseWolfHasClosedIsNotUsed() throws Exception {
        start("-pool", "4");
        var agent = new BusyAgent();
        agent.makeBusy();
        for (Connection idle : agent.idle) {
            idle.fin();
        }
        awaitMetric(IDLE, 0);
        assertThat(call("POST").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"GET, 200", "POST, 502"})
    void oneThatEndsWithItsRequestIsReplacedByAFreshOneIfThatIsSafe(String method, int status) throws Exception {
        start("-pool", "4");
        var agent = new BusyAgent();
        Response response;
        do { // until a request got an idle one, before those were closed
            agent.makeBusy();
            agent.stale.addAll(agent.idle);
            response = call(method);
        } while (agent.staleRequests.get() == 0);
        assertThat(response.status()).as(response.text()).isEqualTo(status);
    }

    private Response call(String method) throws Exception {
        return rawCall(ID, method + " /x HTTP/1.1", "Connection: close").readToEnd();
    }

    /** An agent that serves requests, unless they come on a data connection that the test has made stale: it ends there. */
    private final class BusyAgent {
        private final Set<Connection> idle = ConcurrentHashMap.newKeySet();
        private final Set<Connection> stale = ConcurrentHashMap.newKeySet();
        private final AtomicInteger staleRequests = new AtomicInteger();
        private final CompletableFuture<String> controlEnd = new CompletableFuture<>();

        BusyAgent() throws IOException {
            Connection control = connect(ID);
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        String connPath = awaitConnReady(control);
                        Thread.ofVirtual().start(() -> serve(connPath));
                    }
                } catch (IOException e) {
                    controlEnd.complete(String.valueOf(e.getMessage()));
                }
            });
        }

        private void serve(String connPath) {
            try {
                Connection data = pickUp(connPath);
                idle.add(data);
                data.read(1);
                idle.remove(data);
                if (stale.contains(data)) {
                    staleRequests.incrementAndGet();
                    data.fin();
                } else {
                    sendResponse(data, ID);
                }
            } catch (IOException e) {
                // it was closed without a request
            }
        }

        /** Sends requests until there is a data connection that is picked up and unused. */
        void makeBusy() throws Exception {
            do {
                assertThat(call("GET").status()).isEqualTo(200);
            } while (metric(IDLE) == 0);
        }
    }
}

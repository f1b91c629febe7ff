package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 4, {@code ANY /api/v1/wolf/{path}}: which instance is chosen, and what is tried when one fails. */
class RoutingIT extends ControlPlaneSpec {
    private static final String BOUND = ADMIN_TOKEN + "-bound";

    @Test
    void theResponseSaysWhichInstanceGaveItAndWolfCant() throws Exception {
        start();
        serving("wolf-ü 1", "X-Wolf-Instance: wolf-fake");
        assertThat(fields(route("GET /x HTTP/1.1"), "X-Wolf-Instance")).containsExactly("wolf-%C3%BC%201");
    }

    @Test
    void withoutAnOnlineInstanceThereIsNone() throws Exception {
        start();
        assertError(request("/api/v1/wolf/x", ADMIN_TOKEN), 503, "NoInstance");
        ServingAgent lost = serving("wolf-1");
        lost.control().reset();
        awaitMetric("wolf_control_plane_instances{status=\"degraded\"}", 1);
        assertError(request("/api/v1/wolf/x", ADMIN_TOKEN), 503, "NoInstance");
        awaitMetric("wolf_control_plane_routed_requests_total{result=\"NoInstance\"}", 2);
    }

    @Test
    void wolfGetsThePathTheBodyAndNoFieldThatIsForTheControlPlane() throws Exception {
        start();
        ServingAgent agent = serving("wolf-1");
        Response response = route(
                "POST /a%2Fb//c?q=%20 HTTP/1.1",
                "X-Wolf-Zone: eu-1", "X-Wolf-Session: s", "X-Other: kept", "Content-Length: 5", "", "hello");
        assertThat(response.status()).isEqualTo(200);
        assertThat(agent.nextRequest())
                .startsWith("POST /a%2Fb//c?q=%20 HTTP/1.1\r\nHost: localhost\r\n")
                .contains("X-Other: kept")
                .doesNotContain("X-Wolf", ADMIN_TOKEN)
                .endsWith("\r\n\r\nhello");
    }

    @Test
    void theFewestStreamsWin() throws Exception {
        start();
        Map<String, ServingAgent> agents = Map.of("wolf-1", serving("wolf-1"), "wolf-2", serving("wolf-2"));
        // an agent that answers no other way keeps its stream open until the end of the test
        Connection busy = connect("wolf-3");
        RawCaller running = rawCall("wolf-3", "GET /events HTTP/1.1");
        pickUp(awaitConnReady(busy)).binary("HTTP/1.0 200 OK\r\n\r\n");
        running.readUpTo("\r\n\r\n");
        for (int i = 0; i < 6; i++) {
            assertThat(agents).containsKey(routedTo());
        }
    }

    @Test
    void theLeastShareOfSessionsWinsAndTheAskedZoneComesBeforeIt() throws Exception {
        start();
        serving("wolf-1");
        serving("wolf-2");
        heartbeat("wolf-1", "{\"activeSessions\":5,\"maxSessions\":10,\"zone\":\"eu-1\"}");
        heartbeat("wolf-2", "{\"activeSessions\":3,\"maxSessions\":5,\"zone\":\"us-1\"}");
        for (int i = 0; i < 3; i++) {
            assertThat(routedTo()).isEqualTo("wolf-1");
            assertThat(routedTo("X-Wolf-Zone: us-1")).isEqualTo("wolf-2");
            assertThat(routedTo("X-Wolf-Zone: eu-1")).isEqualTo("wolf-1");
            assertThat(routedTo("X-Wolf-Zone: asia-1")).as("none is there").isEqualTo("wolf-1");
        }
        heartbeat("wolf-1", "{\"activeSessions\":7}");
        assertThat(routedTo()).isEqualTo("wolf-2");
    }

    @Test
    void newSessionsAreSpreadBeforeTheNextHeartbeatSaysWhereTheyAre() throws Exception {
        start();
        serving("wolf-1");
        serving("wolf-2");
        heartbeat("wolf-1", "{\"activeSessions\":0,\"maxSessions\":10}");
        heartbeat("wolf-2", "{\"activeSessions\":0,\"maxSessions\":5}");
        int atFirst = 0;
        for (int i = 0; i < 9; i++) {
            atFirst += routedTo("X-Wolf-Session: s" + i).equals("wolf-1") ? 1 : 0;
        }
        assertThat(atFirst).isEqualTo(6);
    }

    @Test
    void aDrainingOrDegradedInstanceGetsNothingAndItsSessionsMoveForGood() throws Exception {
        start();
        serving("wolf-1");
        serving("wolf-2");
        String first = routedTo("X-Wolf-Session: s");
        post("/api/v1/wolf-instances/" + first + "/drain", "");
        String second = routedTo("X-Wolf-Session: s");
        assertThat(second).isNotEqualTo(first);
        assertThat(routedTo()).isEqualTo(second);
        post("/api/v1/wolf-instances/" + first + "/undrain", "");
        assertThat(routedTo("X-Wolf-Session: s")).as("it doesn't go back").isEqualTo(second);

        heartbeat(second, "{\"wolfReachable\":false}");
        assertThat(routedTo("X-Wolf-Session: s")).isEqualTo(first);
        post("/api/v1/wolf-instances/" + first + "/drain", "");
        assertError(request("/api/v1/wolf/x", ADMIN_TOKEN), 503, "NoInstance");
    }

    @Test
    void roundRobinGivesEachItsTurn() throws Exception {
        start("-routing", "round-robin");
        serving("wolf-1");
        serving("wolf-2");
        serving("wolf-3");
        List<String> round = List.of(routedTo(), routedTo(), routedTo());
        assertThat(round).containsExactlyInAnyOrder("wolf-1", "wolf-2", "wolf-3");
        assertThat(List.of(routedTo(), routedTo(), routedTo())).isEqualTo(round);
    }

    @Test
    void aSessionStaysAtItsInstanceMovesWhenThatDiesAndDoesNotGoBack() throws Exception {
        start();
        Map<String, ServingAgent> agents = Map.of("wolf-1", serving("wolf-1"), "wolf-2", serving("wolf-2"));
        String first = routedTo("X-Wolf-Session: s");
        Set<String> others = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            others.add(routedTo("X-Wolf-Session: other-" + i));
            assertThat(routedTo("X-Wolf-Session: s")).isEqualTo(first);
        }
        assertThat(others).as("other sessions are spread").hasSize(2);

        agents.get(first).control().reset();
        awaitMetric("wolf_control_plane_instances{status=\"degraded\"}", 1);
        String second = routedTo("X-Wolf-Session: s");
        assertThat(second).isNotEqualTo(first);

        serving(first);
        awaitMetric("wolf_control_plane_instances{status=\"online\"}", 2);
        for (int i = 0; i < 3; i++) {
            assertThat(routedTo("X-Wolf-Session: s")).isEqualTo(second);
        }
        awaitMetric("wolf_control_plane_routed_requests_total{result=\"Moved\"}", 1);
    }

    @Test
    void aSessionThatIsTooLongIsRefusedByName() throws Exception {
        start();
        serving("wolf-1");
        Response response = route("GET /x HTTP/1.1", "X-Wolf-Session: " + "s".repeat(257));
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.body()).contains("X-Wolf-Session: it may have 256 characters at most");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST"})
    void aRequestThatWolfDidNotSeeGoesToAnotherInstanceWithItsBody(String method) throws Exception {
        start();
        ServingAgent.connect(this, "wolf-down", ServingAgent.failing());
        ServingAgent up = serving("wolf-up");
        for (int i = 0; i < 2; i++) { // one of them goes to the one that is down first
            Response response = route(method + " /x HTTP/1.1", "Content-Length: 5", "", "hello");
            assertThat(response.status()).as(response.text()).isEqualTo(200);
            assertThat(fields(response, "X-Wolf-Instance")).containsExactly("wolf-up");
            assertThat(up.nextRequest()).startsWith(method + " /x").endsWith("\r\n\r\nhello");
        }
        awaitMetric("wolf_control_plane_routed_retries_total", 1);
    }

    @ParameterizedTest
    @CsvSource({"GET, 200", "HEAD, 200", "DELETE, 200", "OPTIONS, 200", "POST, 502", "PATCH, 502"})
    void aRequestThatWolfMayHaveSeenGoesToAnotherInstanceOnlyIfItIsIdempotent(String method, int status)
            throws Exception {
        start();
        ServingAgent broken = ServingAgent.connect(this, "wolf-broken", ServingAgent.hangingUp(this));
        ServingAgent up = serving("wolf-up");
        Response response = route(method + " /x HTTP/1.1");
        if (broken.untaken() == 0) { // the other one was first
            up.nextRequest();
            response = route(method + " /x HTTP/1.1");
        }
        assertThat(broken.nextRequest()).startsWith(method);
        assertThat(response.status()).isEqualTo(status);
        assertThat(up.untaken()).isEqualTo(status == 200 ? 1 : 0);
    }

    @Test
    void anIdempotentRequestWhoseBodyIsGoneIsNotRepeated() throws Exception {
        start();
        ServingAgent.connect(this, "wolf-1", ServingAgent.hangingUp(this));
        ServingAgent.connect(this, "wolf-2", ServingAgent.hangingUp(this));
        Response response = route("PUT /x HTTP/1.1", "Content-Length: 5", "", "hello");
        assertThat(response.status()).isEqualTo(502);
        awaitMetric("wolf_control_plane_routed_retries_total", 0);
    }

    @Test
    void aResponseThatHasBegunIsNotRepeated() throws Exception {
        start();
        for (String id : List.of("wolf-1", "wolf-2")) {
            ServingAgent.connect(this, id, (agent, connPath) -> {
                Connection data = pickUp(connPath);
                data.read(1);
                data.binary("HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
                data.fin();
            });
        }
        Response response = route("GET /x HTTP/1.1");
        assertThat(response.isComplete()).isFalse();
        awaitMetric("wolf_control_plane_routed_retries_total", 0);
    }

    @Test
    void atMostThreeInstancesAreTriedAndTheErrorIsTheLastOnes() throws Exception {
        start();
        for (int i = 1; i <= 4; i++) {
            ServingAgent.connect(this, "wolf-" + i, ServingAgent.failing());
        }
        Response response = route("GET /x HTTP/1.1");
        assertThat(response.status()).isEqualTo(502);
        String last = fields(response, "X-Wolf-Instance").getFirst();
        assertThat(response.body()).contains("\"PickupFailed\"", last + " could not pick up: Wolf is down");
        awaitMetric("wolf_control_plane_routed_retries_total", 2);
    }

    @Test
    void anInstanceThatDoesNotAnswerLeavesTimeForAnother() throws Exception {
        start("-dial-timeout", "3", "-routing", "round-robin");
        ServingAgent.connect(this, "wolf-silent", ServingAgent.silent());
        serving("wolf-up");
        assertThat(routedTo()).isEqualTo("wolf-up");
        assertThat(routedTo()).isEqualTo("wolf-up");
        awaitMetric("wolf_control_plane_routed_retries_total", 1);
    }

    @Test
    void allTriesTogetherTakeOneDialTimeout() throws Exception {
        start("-dial-timeout", "1");
        ServingAgent.connect(this, "wolf-1", ServingAgent.silent());
        ServingAgent.connect(this, "wolf-2", ServingAgent.silent());
        assertError(request("/api/v1/wolf/x", ADMIN_TOKEN), 504, "DialTimeout");
    }

    @Test
    void aTokenRoutesAmongTheIdsThatItOpens() throws Exception {
        startWith(Map.of(
                "RUNNER_TOKEN",
                RUNNER_TOKEN,
                "ADMIN_TOKEN",
                ADMIN_TOKEN + "\nlab " + BOUND + " wolf-lab-*\nlook " + BOUND + "-read read"));
        serving("wolf-1");
        assertError(request("/api/v1/wolf/x", BOUND), 503, "NoInstance");
        serving("wolf-lab-1");
        for (int i = 0; i < 3; i++) {
            assertThat(request("/api/v1/wolf/x", BOUND)
                            .get(60, TimeUnit.SECONDS)
                            .body())
                    .isEqualTo("wolf-lab-1");
        }
        assertError(request("/api/v1/wolf/x", BOUND + "-wrong"), 401, "Unauthorized");
        assertError(request("/api/v1/wolf/x", BOUND + "-read"), 403, "ReadOnly");
    }

    private void heartbeat(String id, String json) throws Exception {
        post("/api/v1/wolf-instances/" + id + "/heartbeat", json);
    }

    private void post(String path, String json) throws Exception {
        Response response = new RawCaller(connectCaller())
                .send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Admin-Token: "
                        + ADMIN_TOKEN + "\r\nContent-Type: application/json\r\nContent-Length: " + json.length()
                        + "\r\n\r\n" + json)
                .readToEnd();
        assertThat(response.status()).as(response.text()).isBetween(200, 204);
    }

    private ServingAgent serving(String id, String... headers) throws Exception {
        return ServingAgent.connect(this, id, ServingAgent.responding(this, headers));
    }

    /** The id of the instance that a GET was routed to. */
    private String routedTo(String... headers) throws Exception {
        Response response = route("GET /x HTTP/1.1", headers);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(fields(response, "X-Wolf-Instance")).containsExactly(response.body());
        return response.body();
    }

    /** @param headers header lines; a body after an empty one */
    private Response route(String requestLine, String... headers) throws Exception {
        List<String> lines = List.of(headers);
        int end = lines.contains("") ? lines.indexOf("") : lines.size();
        var fields = new ArrayList<>(lines.subList(0, end));
        fields.add("Connection: close");
        RawCaller caller = rawRoutedCall(requestLine, fields.toArray(String[]::new));
        if (end < lines.size()) {
            caller.send(lines.getLast());
        }
        return caller.readToEnd();
    }

    private static List<String> fields(Response response, String name) {
        String prefix = name.toLowerCase(Locale.ROOT) + ":";
        return response.head()
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                .map(line -> line.substring(prefix.length()).strip())
                .toList();
    }
}

package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 4: {@code /api/v1/wolf-instances} and {@code /api/v1/capacity}. */
class RegistryIT extends ControlPlaneSpec {
    private static final String INSTANCES = "/api/v1/wolf-instances";
    private static final String ONE = INSTANCES + "/" + ID;
    private static final String HEARTBEAT = ONE + "/heartbeat";
    private static final String EVERYTHING = """
            {'id':'wolf-gpu-1','zone':'eu-1','labels':{'team':'a'},'gpuVendor':'nvidia','gpuName':'RTX','gpuCount':2,\
            'maxSessions':8,'activeSessions':3,'wolfReachable':true,'agentVersion':'1.0','gpuUtilizationPercent':12.5,\
            'gpuMemoryUsedMb':1,'gpuMemoryTotalMb':2,'gpuTemperatureCelsius':60,'encoderSessions':1,'wolfHealth':'ok'}""";

    @Test
    void postCreatesAndUpdatesAndEveryFieldIsKept() throws Exception {
        start();
        assertThat(admin("POST", INSTANCES, EVERYTHING).statusCode()).isEqualTo(201);
        assertThat(admin("POST", INSTANCES, "{'id':'wolf-gpu-1','zone':'eu-2'}").statusCode())
                .isEqualTo(200);
        JsonNode instance = get(ONE);
        JSON.readTree(EVERYTHING.replace('\'', '"')).properties().forEach(field -> {
            if (!field.getKey().equals("zone")) {
                assertThat(instance.get(field.getKey()).asText())
                        .as(field.getKey())
                        .startsWith(field.getValue().asText());
            }
        });
        assertThat(instance.path("zone").asText()).isEqualTo("eu-2");
    }

    @Test
    void allFieldsButIdAreOptional() throws Exception {
        start();
        assertThat(admin("POST", INSTANCES, "{'id':'wolf-gpu-1'}").statusCode()).isEqualTo(201);
        assertThat(admin("POST", INSTANCES, "{}").statusCode()).isEqualTo(400);
    }

    @Test
    void putReplacesAndDeleteForgets() throws Exception {
        start();
        admin("POST", INSTANCES, EVERYTHING);
        assertThat(admin("PUT", ONE, "{'gpuName':'other'}").statusCode()).isEqualTo(200);
        assertThat(get(ONE).path("gpuName").asText()).isEqualTo("other");
        assertThat(get(ONE).has("zone")).isFalse();
        assertThat(admin("DELETE", ONE, "").statusCode()).isEqualTo(204);
        assertThat(admin("GET", ONE, "").statusCode()).isEqualTo(404);
    }

    @Test
    void theIdInThePathIsTheRunnerId() throws Exception {
        start();
        assertThat(admin("PUT", INSTANCES + "/w%C3%B6lf%2F1%20x", "{}").statusCode())
                .isEqualTo(201);
        assertThat(ids("")).containsExactly("wölf/1 x");
    }

    @Test
    void getOfAllIsAListWithFilters() throws Exception {
        start();
        assertThat(admin("GET", INSTANCES, "").body().strip()).isEqualTo("{\"instances\":[]}");
        admin("PUT", INSTANCES + "/wolf-1", "{'zone':'eu-1','labels':{'team':'a','gpu':'ada'}}");
        admin("PUT", INSTANCES + "/wolf-2", "{'zone':'eu-2','labels':{'team':'b'}}");
        connect("wolf-3");
        assertThat(ids("")).containsExactly("wolf-1", "wolf-2", "wolf-3");
        assertThat(ids("?status=online")).containsExactly("wolf-3");
        assertThat(ids("?status=offline&zone=eu-2")).containsExactly("wolf-2");
        assertThat(ids("?label=team")).containsExactly("wolf-1", "wolf-2");
        assertThat(ids("?label=team%3Da&label=gpu%3Dada")).containsExactly("wolf-1");
        assertThat(ids("?limit=1&after=wolf-1")).containsExactly("wolf-2");
    }

    @Test
    void aConnectedAgentIsThereWithoutBeingRegistered() throws Exception {
        start();
        Connection agent = connect(ID);
        awaitMetric("wolf_control_plane_instances{status=\"online\"}", 1);
        JsonNode instance = get(ONE);
        assertThat(instance.path("status").asText()).isEqualTo("online");
        assertThat(instance.path("connected").asBoolean()).isTrue();
        assertThat(instance.path("streams").asInt()).isZero();
        assertThat(instance.path("displaced").asBoolean()).isFalse();
        agent.reset();
        awaitMetric("wolf_control_plane_instances{status=\"degraded\"}", 1); // its grace period
    }

    @Test
    void outOfGraceItIsOffline() throws Exception {
        start("-grace", "0");
        connect(ID).reset();
        awaitMetric("wolf_control_plane_instances{status=\"offline\"}", 1);
        assertThat(get(ONE).path("connected").asBoolean()).isFalse();
    }

    @Test
    void anUnreachableWolfIsDegraded() throws Exception {
        start();
        connect(ID);
        assertThat(send(RUNNER_TOKEN, "POST", HEARTBEAT, "{'wolfReachable':false}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(get(ONE).path("status").asText()).isEqualTo("degraded");
        send(RUNNER_TOKEN, "POST", HEARTBEAT, "{'wolfReachable':true}");
        assertThat(get(ONE).path("status").asText()).isEqualTo("online");
    }

    @Test
    void twoMissedHeartbeatsAreDegraded() throws Exception {
        start("-heartbeat", "1");
        connect(ID);
        send(RUNNER_TOKEN, "POST", HEARTBEAT, "{}");
        awaitMetric("wolf_control_plane_instances{status=\"degraded\"}", 1);
        send(RUNNER_TOKEN, "POST", HEARTBEAT, "{}");
        assertThat(get(ONE).path("status").asText()).isEqualTo("online");
    }

    @Test
    void aHeartbeatIsAnySubsetOfTheFieldsAndUnknownOnesAreLeftOut() throws Exception {
        start();
        send(RUNNER_TOKEN, "POST", HEARTBEAT, EVERYTHING);
        assertThat(send(RUNNER_TOKEN, "POST", HEARTBEAT, "{'activeSessions':5,'newer':{}}")
                        .statusCode())
                .isEqualTo(200);
        JsonNode instance = get(ONE);
        assertThat(instance.path("activeSessions").asInt()).isEqualTo(5);
        assertThat(instance.path("maxSessions").asInt()).isEqualTo(8);
        assertThat(instance.has("newer")).isFalse();
        assertThat(instance.path("lastHeartbeat").asText()).endsWith("Z");
    }

    @Test
    void aHeartbeatNeedsTheIdsOwnRunnerTokenOrAnAdmins() throws Exception {
        String bound = RUNNER_TOKEN + "-bound";
        startWith(Map.of("RUNNER_TOKEN", "lab " + bound + " wolf-lab-*", "ADMIN_TOKEN", ADMIN_TOKEN));
        assertThat(send(bound, "POST", INSTANCES + "/wolf-lab-1/heartbeat", "{}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(bound, "POST", HEARTBEAT, "{}").statusCode()).isEqualTo(403);
        assertThat(send("wrong", "POST", HEARTBEAT, "{}").statusCode()).isEqualTo(401);
        assertThat(send(ADMIN_TOKEN, "POST", HEARTBEAT, "{}").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET " + INSTANCES,
                "POST " + INSTANCES,
                "GET " + ONE,
                "PUT " + ONE,
                "DELETE " + ONE,
                "POST " + ONE + "/drain",
                "POST " + ONE + "/undrain",
                "GET /api/v1/capacity"
            })
    void everythingElseWantsTheAdminToken(String request) throws Exception {
        start();
        String[] words = request.split(" ");
        assertThat(send(RUNNER_TOKEN, words[0], words[1], "{}").statusCode()).isEqualTo(401);
    }

    @Test
    void aBadRequestNamesEachField() throws Exception {
        start();
        HttpResponse<String> answer =
                admin("POST", INSTANCES, "{'id':'wolf-gpu-1','zone':'-','maxSessions':-1,'labels':{'a b':'c'}}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).at("/error/message").asText())
                .contains("zone: ", "maxSessions: ", "labels: ");
        assertThat(admin("GET", INSTANCES + "?colour=red", "").body()).contains("colour: no such parameter");
        assertThat(admin("PATCH", ONE, "").headers().firstValue("Allow")).contains("GET, HEAD, PUT, DELETE, OPTIONS");
    }

    @Test
    void drainAndUndrain() throws Exception {
        start();
        connect(ID);
        assertThat(admin("POST", ONE + "/drain", "").statusCode()).isEqualTo(200);
        assertThat(get(ONE).path("draining").asBoolean()).isTrue();
        assertError(request("/api/v1/wolf/x", ADMIN_TOKEN), 503, "NoInstance");
        assertThat(admin("POST", ONE + "/undrain", "").statusCode()).isEqualTo(200);
        assertThat(get(ONE).path("draining").asBoolean()).isFalse();
    }

    @Test
    void capacityInAllAndByZone() throws Exception {
        start();
        connect("wolf-1");
        connect("wolf-2");
        send(RUNNER_TOKEN, "POST", INSTANCES + "/wolf-1/heartbeat", "{'zone':'a','maxSessions':4,'activeSessions':1}");
        send(RUNNER_TOKEN, "POST", INSTANCES + "/wolf-2/heartbeat", "{'zone':'b','maxSessions':2,'activeSessions':2}");
        admin("PUT", INSTANCES + "/wolf-3", "{'zone':'a','maxSessions':9}");
        assertThat(get("/api/v1/capacity")).isEqualTo(JSON.readTree("""
                {"instances":3,"online":2,"maxSessions":6,"activeSessions":3,"free":3,"zones":{
                 "a":{"instances":2,"online":1,"maxSessions":4,"activeSessions":1,"free":3},
                 "b":{"instances":1,"online":1,"maxSessions":2,"activeSessions":2,"free":0}}}"""));
        assertThat(metric("wolf_control_plane_sessions_free{zone=\"a\"}")).isEqualTo(3);
    }

    private HttpResponse<String> admin(String method, String path, String body) throws Exception {
        return send(ADMIN_TOKEN, method, path, body);
    }

    private JsonNode get(String path) throws Exception {
        return JSON.readTree(admin("GET", path, "").body());
    }

    private List<String> ids(String query) throws Exception {
        List<String> ids = new ArrayList<>();
        get(INSTANCES + query)
                .path("instances")
                .forEach(instance -> ids.add(instance.path("id").asText()));
        return ids;
    }
}

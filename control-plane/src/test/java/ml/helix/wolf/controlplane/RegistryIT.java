package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The registry's API, on each kind of store. */
@ParameterizedClass
@EnumSource(TestStore.class)
class RegistryIT {
    @Parameter
    private TestStore kind;

    private static final String INSTANCES = "/api/v1/wolf-instances";
    private static final String RUNNERS =
            TestControlPlane.RUNNER_TOKEN + "\nalpha alpha-" + TestControlPlane.RUNNER_TOKEN + " wolf-alpha*\n";
    private static final String ADMINS = TestControlPlane.ADMIN_TOKEN
            + "\nbeta beta-" + TestControlPlane.ADMIN_TOKEN + " wolf-beta*\nviewer viewer-"
            + TestControlPlane.ADMIN_TOKEN + " read\n";

    @TempDir
    static Path folder;

    private static StoreSettings store;
    private static TestControlPlane controlPlane;

    @BeforeParameterizedClassInvocation
    static void start(TestStore kind) throws Exception {
        store = kind.create(folder.resolve(kind.name()));
        controlPlane = TestControlPlane.withTokens(RUNNERS, ADMINS, store);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (controlPlane != null) {
            controlPlane.close();
        }
    }

    @Test
    void anInstanceIsCreatedChangedReplacedAndForgotten() throws Exception {
        HttpResponse<String> created = send(
                "POST",
                "",
                "{'id':'wolf-1','zone':'eu-1','labels':{'b':'2','a':''},'maxSessions':4,'gpuName':'RTX 4000'}");
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(created.body()).isEqualTo("""
                        {"id":"wolf-1","status":"offline","connected":false,"draining":false,"streams":0,"displaced":false,\
                        "zone":"eu-1","labels":{"a":"","b":"2"},"maxSessions":4,"gpuName":"RTX 4000"}
                        """);

        HttpResponse<String> changed = send("POST", "", "{'id':'wolf-1','maxSessions':5}");
        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(changed.body()).contains("\"maxSessions\":5", "\"zone\":\"eu-1\"");

        HttpResponse<String> replaced = send("PUT", "/wolf-1", "{'zone':'eu-2'}");
        assertThat(replaced.statusCode()).isEqualTo(200);
        assertThat(get("/wolf-1").toString()).isEqualTo("""
                        {"id":"wolf-1","status":"offline","connected":false,"draining":false,"streams":0,"displaced":false,\
                        "zone":"eu-2"}""");

        assertThat(send("DELETE", "/wolf-1", "").statusCode()).isEqualTo(204);
        assertThat(error("GET", "/wolf-1", "")).isEqualTo("404 NotFound");
        assertThat(error("DELETE", "/wolf-1", "")).isEqualTo("404 NotFound");
        assertThat(send("PUT", "/wolf-1", "{}").statusCode()).isEqualTo(201);
    }

    @Test
    void whatASecondProcessFindsIsWhatWasAcknowledged() throws Exception {
        StoreSettings store = kind.create(folder.resolve(kind.name() + "-kept"));
        JsonNode before;
        try (var first = TestControlPlane.start(store)) {
            assertThat(List.of(
                            status(first, "", "{'id':'wolf-kept','labels':{'a':'b'}}"),
                            status(first, "/wolf-kept/drain", ""),
                            status(first, "/wolf-heard/heartbeat", "{'activeSessions':3}")))
                    .containsExactly(201, 200, 200);
            before = first.json(first.admin(INSTANCES).build());
        }
        try (var second = TestControlPlane.start(store)) {
            JsonNode after = second.json(second.admin(INSTANCES).build());
            assertThat(after).isEqualTo(before);
            assertThat(after.at("/instances/1/draining").asBoolean()).isTrue();
            assertThat(after.at("/instances/0/lastHeartbeat").asText()).isNotEmpty();
        }
    }

    private static int status(TestControlPlane server, String path, String body) throws Exception {
        return server.send(server.json("POST", INSTANCES + path, body)).statusCode();
    }

    @Test
    void theListIsFilteredAndPaged() throws Exception {
        for (int i = 1; i <= 5; i++) {
            String zone = i % 2 == 0 ? "paged-even" : "paged-odd";
            send("PUT", "/wolf-paged-" + i, "{'zone':'" + zone + "','labels':{'paged':'yes','n':'" + i + "'}}");
        }
        assertThat(ids("?label=paged")).hasSize(5);
        assertThat(ids("?label=paged%3Dyes&label=n%3D3")).containsExactly("wolf-paged-3");
        assertThat(ids("?label=paged%3Dno")).isEmpty();
        assertThat(ids("?zone=paged-even")).containsExactly("wolf-paged-2", "wolf-paged-4");
        assertThat(ids("?label=paged&status=online")).isEmpty();
        assertThat(ids("?label=paged&status=offline")).hasSize(5);

        List<String> seen = new ArrayList<>();
        int pages = 0;
        String after = "";
        do {
            JsonNode page = get("?label=paged&limit=2&after=" + after);
            page.path("instances")
                    .forEach(instance -> seen.add(instance.path("id").asText()));
            after = page.path("next").asText();
            pages++;
        } while (!after.isEmpty());
        assertThat(pages).isEqualTo(3);
        assertThat(seen)
                .containsExactly("wolf-paged-1", "wolf-paged-2", "wolf-paged-3", "wolf-paged-4", "wolf-paged-5");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET  | ?status=up&limit=0&colour=red |                                | colour: no such parameter; status: must be online, degraded or offline; limit: must be from 1 to 10000
            GET  | ?zone=a&zone=b                |                                | zone: once only
            GET  | ?zone=%FF                     |                                | the query's escapes must be UTF-8
            GET  | /..%2Fx                       |                                | id: must not be or contain a path segment
            POST |                               | {}                             | id: is missing
            POST |                               | {'id':''}                      | id: must have 1 to 512 characters
            POST |                               | {'id':'x','colour':1}          | colour: no such field
            POST |                               | {'id':'x','status':'online'}   | status: no such field
            POST |                               | {'id':'x','zone':'a b','maxSessions':-1,'gpuName':''} | zone: must be 1 to 63 letters
            POST |                               | {'id':'x','zone':'a b','maxSessions':-1,'gpuName':''} | maxSessions: must be from 0 to 10000, not -1; gpuName: must be 1 to 256 characters
            POST |                               | {'id':'x','labels':{'a':null}} | labels: must have a string as each value
            POST |                               | {'id':'x','labels':{'-':'a'}}  | labels: must have keys as Kubernetes' labels
            POST |                               | {'id':'x','maxSessions':1.5}   | maxSessions: must be a whole number
            PUT  | /wolf-1                       | {'id':'wolf-2'}                | id: must be the one in the path
            PUT  | /wolf-1                       | {'gpuUtilizationPercent':101,'gpuTemperatureCelsius':1e9} | gpuUtilizationPercent: must be from 0 to 100, not 101.0; gpuTemperatureCelsius: must be
            POST | /wolf-1/heartbeat             | {'activeSessions':-1}          | activeSessions: must be from 0
            """)
    void whatIsWrongIsNamed(String method, String path, String body, String problem) throws Exception {
        HttpResponse<String> answer = send(method, path == null ? "" : path, body == null ? "" : body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON_UNESCAPED.apply(answer.body())).contains(problem);
    }

    private static final java.util.function.UnaryOperator<String> JSON_UNESCAPED = body -> body.replace("\\u0027", "'");

    @Test
    void aHeartbeatChangesWhatItSaysAndLeavesOutWhatANewerAgentKnows() throws Exception {
        assertThat(send("POST", "/wolf-beat/heartbeat", "{'zone':'eu-1','maxSessions':4,'activeSessions':1}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(
                                "POST",
                                "/wolf-beat/heartbeat",
                                "{'activeSessions':2,'gpuTemperatureCelsius':61.5,'wolfReachable':true,'fanSpeed':{'rpm':1}}")
                        .statusCode())
                .isEqualTo(200);

        JsonNode instance = get("/wolf-beat");
        assertThat(instance.path("zone").asText()).isEqualTo("eu-1");
        assertThat(instance.path("activeSessions").asInt()).isEqualTo(2);
        assertThat(instance.path("gpuTemperatureCelsius").asDouble()).isEqualTo(61.5);
        assertThat(instance.path("lastHeartbeat").asText()).endsWith("Z");
        assertThat(instance.has("fanSpeed")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            alpha-runner-token-of-the-tests, wolf-alpha-1, 200
            alpha-runner-token-of-the-tests, wolf-beta-1,  403
            runner-token-of-the-tests,       wolf-beta-1,  200
            admin-token-of-the-tests,        wolf-alpha-1, 200
            beta-admin-token-of-the-tests,   wolf-beta-1,  200
            beta-admin-token-of-the-tests,   wolf-alpha-1, 403
            viewer-admin-token-of-the-tests, wolf-alpha-1, 403
            no-token-of-the-tests,           wolf-alpha-1, 401
            """)
    void aHeartbeatNeedsATokenThatOpensItsId(String token, String id, int status) throws Exception {
        assertThat(as(token, "POST", "/" + id + "/heartbeat", "{}").statusCode())
                .isEqualTo(status);
    }

    @Test
    void aRunnersTokenReachesNothingElse() throws Exception {
        for (String path : List.of("", "/wolf-1", "/wolf-1/drain")) {
            assertThat(as(TestControlPlane.RUNNER_TOKEN, path.endsWith("drain") ? "POST" : "GET", path, "")
                            .statusCode())
                    .isEqualTo(401);
        }
        assertThat(as("viewer-" + TestControlPlane.ADMIN_TOKEN, "POST", "", "{'id':'wolf-1'}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(as("beta-" + TestControlPlane.ADMIN_TOKEN, "POST", "", "{'id':'wolf-1'}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(as("viewer-" + TestControlPlane.ADMIN_TOKEN, "GET", "", "").statusCode())
                .isEqualTo(200);
    }

    @Test
    void aBoundTokenSeesItsInstancesOnly() throws Exception {
        send("PUT", "/wolf-beta-seen", "{}");
        send("PUT", "/wolf-gamma", "{}");

        String seen = as("beta-" + TestControlPlane.ADMIN_TOKEN, "GET", "", "").body();
        assertThat(seen).contains("wolf-beta-seen").doesNotContain("wolf-gamma");
    }

    @Test
    void aConnectedAgentIsListedWithoutBeingRegisteredAndAfterItIsForgotten() throws Exception {
        try (var _ = TestAgent.connect(controlPlane, "wolf-there", TestAgent.silent())) {
            eventually("its time is noted", () -> get("/wolf-there").has("since"));
            assertThat(get("/wolf-there").path("status").asText()).isEqualTo("online");
            assertThat(send("PUT", "/wolf-there", "{'zone':'eu-1','maxSessions':2}")
                            .statusCode())
                    .isEqualTo(201);
            assertThat(send("DELETE", "/wolf-there", "").statusCode()).isEqualTo(204);

            JsonNode forgotten = get("/wolf-there");
            assertThat(forgotten.path("connected").asBoolean()).isTrue();
            assertThat(forgotten.has("zone")).isFalse();
            assertThat(forgotten.has("since")).isTrue();
        }
    }

    @Test
    void anUnreachableWolfIsDegraded() throws Exception {
        try (var _ = TestAgent.connect(controlPlane, "wolf-sick", TestAgent.silent())) {
            send("POST", "/wolf-sick/heartbeat", "{'wolfReachable':false}");
            assertThat(ids("?status=degraded")).contains("wolf-sick");
            send("POST", "/wolf-sick/heartbeat", "{'wolfReachable':true}");
            assertThat(ids("?status=online")).contains("wolf-sick");
        }
    }

    @Test
    void aCordonedNodeDrainsAndNeitherThatNorAnAdminsDrainEndsTheOther() throws Exception {
        String heartbeat = "/wolf-cordoned/heartbeat";
        as(TestControlPlane.RUNNER_TOKEN, "POST", heartbeat, "{'cordoned':true}");
        assertThat(get("/wolf-cordoned").path("draining").asBoolean()).isTrue();
        as(TestControlPlane.RUNNER_TOKEN, "POST", heartbeat, "{'activeSessions':1}");
        send("PUT", "/wolf-cordoned", "{'zone':'eu-1'}");
        send("POST", "/wolf-cordoned/undrain", "");
        assertThat(get("/wolf-cordoned").path("cordoned").asBoolean()).isTrue();
        assertThat(get("/wolf-cordoned").path("draining").asBoolean()).isTrue();

        send("POST", "/wolf-cordoned/drain", "");
        as(TestControlPlane.RUNNER_TOKEN, "POST", heartbeat, "{'cordoned':false}");
        assertThat(get("/wolf-cordoned").path("draining").asBoolean()).isTrue();
        assertThat(send("POST", "/wolf-cordoned/undrain", "").body()).contains("\"draining\":false");
    }

    @Test
    void drainAndUndrainAreSaid() throws Exception {
        send("PUT", "/wolf-drained", "{}");
        assertThat(send("POST", "/wolf-drained/drain", "").body()).contains("\"draining\":true");
        send("POST", "/wolf-drained/heartbeat", "{}");
        send("PUT", "/wolf-drained", "{}");
        assertThat(get("/wolf-drained").path("draining").asBoolean()).isTrue();
        assertThat(send("POST", "/wolf-drained/undrain", "").body()).contains("\"draining\":false");
        assertThat(error("POST", "/wolf-nobody/drain", "")).isEqualTo("404 NotFound");
    }

    @Test
    void theCapacityIsTheRoomOnOnlineInstancesInAllAndByZone() throws Exception {
        try (var _ = TestAgent.connect(controlPlane, "wolf-room-1", TestAgent.silent());
                var _ = TestAgent.connect(controlPlane, "wolf-room-2", TestAgent.silent())) {
            send("POST", "/wolf-room-1/heartbeat", "{'zone':'room','maxSessions':4,'activeSessions':1}");
            send("POST", "/wolf-room-2/heartbeat", "{'zone':'room','maxSessions':8,'activeSessions':3}");
            send("PUT", "/wolf-room-3", "{'zone':'room','maxSessions':100}");
            assertThat(capacity("/zones/room"))
                    .isEqualTo("{\"instances\":3,\"online\":2,\"maxSessions\":12,\"activeSessions\":4,\"free\":8}");
            assertThat(controlPlane.metric("wolf_control_plane_sessions_free{zone=\"room\"}"))
                    .isEqualTo(8);
            send("POST", "/wolf-room-2/drain", "");
            assertThat(capacity("/zones/room/free")).isEqualTo("3");
            assertThat(Integer.parseInt(capacity("/free"))).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void theStoreAndTheInstancesAreCounted() throws Exception {
        send("PUT", "/wolf-counted", "{}");

        assertThat(controlPlane.metric("wolf_control_plane_store_up")).isEqualTo(1);
        assertThat(controlPlane.metric("wolf_control_plane_instances{status=\"offline\"}"))
                .isGreaterThanOrEqualTo(1);
        assertThat(controlPlane.send(controlPlane.request("/readyz").build()).body())
                .isEqualTo("ok\n");
    }

    private static String capacity(String pointer) throws Exception {
        return controlPlane
                .json(controlPlane.admin("/api/v1/capacity").build())
                .at(pointer)
                .toString();
    }

    private static List<String> ids(String query) throws Exception {
        List<String> ids = new ArrayList<>();
        get(query)
                .path("instances")
                .forEach(instance -> ids.add(instance.path("id").asText()));
        return ids;
    }

    private static JsonNode get(String path) throws Exception {
        return controlPlane.json(controlPlane.admin(INSTANCES + path).build());
    }

    private static HttpResponse<String> send(String method, String path, String body) throws Exception {
        return controlPlane.send(controlPlane.json(method, INSTANCES + path, body));
    }

    private static String error(String method, String path, String body) throws Exception {
        return controlPlane.error(controlPlane.json(method, INSTANCES + path, body));
    }

    private static HttpResponse<String> as(String token, String method, String path, String body) throws Exception {
        HttpRequest request = controlPlane
                .request(INSTANCES + path)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body.replace('\'', '"')))
                .build();
        return controlPlane.send(request);
    }
}

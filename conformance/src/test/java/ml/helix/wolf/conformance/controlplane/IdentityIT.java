package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedAgent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, sections 1 and 4: which ids are valid, which of them a token opens, and who holds an id. */
class IdentityIT extends ControlPlaneSpec {
    private static final String BOUND = RUNNER_TOKEN + "-bound";
    private static final String BOUND_ADMIN = ADMIN_TOKEN + "-bound";

    @Test
    void theNewerConnectionWinsAndTheOlderIsClosedWithTheReason() throws Exception {
        start();
        Connection older = connect(ID);
        Connection newer = connect(ID);
        Frame close = older.frame(Frame.CLOSE);
        assertThat(close.closeCode()).isEqualTo(4001);
        assertThat(close.text()).endsWith("replaced by another agent with this id");
        assertServes(newer, ID);
        assertThat(stats()).contains("\"activeConnections\":1");
    }

    @Test
    void aBoundTokenOpensItsOwnIdsAndNoOther() throws Exception {
        startBound();
        ScriptedAgent agent = bearing(BOUND);
        assertThat(open(agent, CONTROL + "wolf-lab-1").head().status()).isEqualTo(101);
        assertThat(open(agent, CONTROL + "wolf-spare").head().status()).isEqualTo(101);
        for (String other : new String[] {"wolf-lab", "wolf-spare-1", "wolf-gpu-1", "doctor-wolf-gpu-1"}) {
            assertThat(open(agent, CONTROL + other).head().status()).as(other).isEqualTo(403);
        }
        assertThat(connect("wolf-gpu-1"))
                .as("with the token that opens all ids")
                .isNotNull();
    }

    @Test
    void aBoundTokenPicksUpForItsOwnIdsOnly() throws Exception {
        startBound();
        Connection control = connect(ID);
        var call = call(ID, "");
        String path = awaitConnReady(control);
        assertThat(open(bearing(BOUND), "/api/v1" + path).head().status()).isEqualTo(403);
        respond(pickUp(path), "picked up with the right token");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("picked up with the right token");
    }

    @Test
    void aBoundAdminTokenReachesItsOwnIdsAndNothingAboutAllIds() throws Exception {
        startBound();
        String proxied = "/api/v1/wolf-instances/%s/proxy/x";
        assertError(request(proxied.formatted("wolf-lab-1"), BOUND_ADMIN), 503, "NoConnection");
        assertError(request(proxied.formatted("wolf-gpu-1"), BOUND_ADMIN), 403, "Forbidden");
        assertError(request("/api/v1/revdial/stats", BOUND_ADMIN), 403, "Forbidden");
        assertError(request("/metrics", BOUND_ADMIN), 403, "Forbidden");
        assertThat(request("/api/v1/revdial/stats", ADMIN_TOKEN)
                        .get(30, TimeUnit.SECONDS)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void aReadOnlyAdminTokenLooksButReachesNoWolf() throws Exception {
        String reader = ADMIN_TOKEN + "-reader";
        String boundReader = ADMIN_TOKEN + "-bound-reader";
        startWith(Map.of(
                "RUNNER_TOKEN",
                RUNNER_TOKEN,
                "ADMIN_TOKEN",
                ADMIN_TOKEN + "\nops " + reader + " read\nlab " + boundReader + " read wolf-lab-*"));
        assertThat(request("/api/v1/revdial/stats", reader)
                        .get(30, TimeUnit.SECONDS)
                        .statusCode())
                .isEqualTo(200);
        assertThat(request("/metrics", reader).get(30, TimeUnit.SECONDS).statusCode())
                .isEqualTo(200);
        String proxied = "/api/v1/wolf-instances/%s/proxy/x";
        assertThat(assertError(request(proxied.formatted(ID), reader), 403, "ReadOnly"))
                .startsWith("the token is read-only");
        assertError(request(proxied.formatted("wolf-lab-1"), boundReader), 403, "ReadOnly");
        assertError(request("/metrics", boundReader), 403, "Forbidden");
        assertThat(open(bearing(reader), CONTROL + ID).head().status()).isEqualTo(401);
    }

    @Test
    void tooManyWrongAdminTokensAre429ButARightOneIsAcceptedAndAgentsSee401() throws Exception {
        start();
        for (int i = 0; i < 60; i++) {
            assertError(request("/metrics", "wrong"), 401, "Unauthorized");
        }
        var refused = request("/metrics", "wrong").get(30, TimeUnit.SECONDS);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValueAsLong("Retry-After").orElseThrow())
                .isBetween(1L, 60L);
        assertThat(request("/metrics", ADMIN_TOKEN).get(30, TimeUnit.SECONDS).statusCode())
                .isEqualTo(200);
        assertThat(open(bearing("wrong"), CONTROL + ID).head().status()).isEqualTo(401);
    }

    @Test
    void refusalsAreCounted() throws Exception {
        startBound();
        open(bearing("wrong"), CONTROL + ID);
        open(agent().with(), CONTROL + ID);
        open(bearing(BOUND), CONTROL + ID);
        request("/metrics", "wrong").get(30, TimeUnit.SECONDS);
        assertThat(request("/metrics", ADMIN_TOKEN).get(30, TimeUnit.SECONDS).body())
                .contains("wolf_control_plane_refusals_total{asker=\"agent\",status=\"401\"} 2.0")
                .contains("wolf_control_plane_refusals_total{asker=\"agent\",status=\"403\"} 1.0")
                .contains("wolf_control_plane_refusals_total{asker=\"caller\",status=\"401\"} 1.0");
    }

    @Test
    void aDoctorConnectsBesideTheAgentAndIsNotCounted() throws Exception {
        start();
        Connection agent = connect(ID);
        Connection doctor = connect("doctor-" + ID);
        assertThat(stats()).contains("\"activeConnections\":1");
        assertServes(agent, ID);
        assertError(call("doctor-" + ID, "x"), 503, "NoConnection");
        doctor.send(Frame.close(1000, ""));
        assertThat(doctor.frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        doctor.end();
        assertThat(stats()).contains("\"activeConnections\":1", "\"gracePeriodEntries\":0");
        assertError(call("doctor-" + ID, "x"), 503, "NoConnection");
    }

    @Test
    void aDoctorNeedsATokenThatOpensItsId() throws Exception {
        startBound();
        ScriptedAgent doctor = bearing(BOUND);
        assertThat(open(doctor, CONTROL + "doctor-wolf-lab-1").head().status()).isEqualTo(101);
        assertThat(open(doctor, CONTROL + "doctor-" + ID).head().status()).isEqualTo(403);
        assertThat(open(bearing("wrong"), CONTROL + "doctor-" + ID).head().status())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a%0Ab",
                "a%C2%85b",
                "a%E2%80%A8b",
                "a%E2%80%AEb",
                "a%E2%80%8Bb",
                "a%C2%A0b",
                "%20a",
                "a%20",
                "..",
                "a%2F..%2Fb",
                "doctor-",
                "doctor-.."
            })
    void anIdWithInvisibleCharactersOrDotSegmentsIs400(String id) throws Exception {
        start();
        assertThat(open(agent(), CONTROL + id).head().status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({"Wolf is %s down,Wolf is \\u202e down"})
    void controlCharactersInAnAgentsReasonAreEscaped(String reason, String shown) throws Exception {
        start();
        Connection control = connect(ID);
        var call = call(ID, "x");
        pickupFailed(control, awaitConnReady(control), reason.formatted("\u202e"));
        assertThat(assertError(call, 502, "PickupFailed")).endsWith(shown);
    }

    private void startBound() throws Exception {
        startWith(Map.of(
                "RUNNER_TOKEN", RUNNER_TOKEN + "\nlab " + BOUND + " wolf-lab-* wolf-spare",
                "ADMIN_TOKEN", ADMIN_TOKEN + "\nlab " + BOUND_ADMIN + " wolf-lab-*"));
    }

    private ScriptedAgent bearing(String token) {
        return agent().with("Authorization: Bearer " + token);
    }

    private String stats() throws Exception {
        return request("/api/v1/revdial/stats", ADMIN_TOKEN)
                .get(30, TimeUnit.SECONDS)
                .body();
    }
}

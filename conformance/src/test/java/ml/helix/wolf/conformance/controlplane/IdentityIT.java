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

/** Contract, sections 1 and 4: an id belongs to who holds it; which ids there are, and which a token opens. */
class IdentityIT extends ControlPlaneSpec {
    private static final String CONTROL = "/api/v1/revdial?runnerid=";
    private static final String BOUND = RUNNER_TOKEN + "-bound";
    private static final String BOUND_ADMIN = ADMIN_TOKEN + "-bound";

    @Test
    void theNewerConnectionWinsAndTheOlderHearsWhy() throws Exception {
        start();
        Connection older = connected(ID);
        Connection newer = connected(ID);
        Frame close = older.frame(Frame.CLOSE);
        assertThat(close.closeCode()).isEqualTo(4001);
        assertThat(close.text()).endsWith("replaced by another agent with this id");
        serves(newer, ID);
        assertThat(stats()).contains("\"activeConnections\":1");
    }

    @Test
    void anOlderConnectionIsClosedOnlyWhenItsRunningStreamsAreDone() throws Exception {
        start();
        Connection older = connected(ID);
        var call = call(ID, "");
        Connection data = pickUp(connPath(older));
        data.read(1);
        Connection newer = connected(ID);
        serves(newer, ID);
        data.binary("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        data.fin();
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("ok");
        assertThat(older.frame(Frame.CLOSE).closeCode()).isEqualTo(4001);
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
        assertThat(connected("wolf-gpu-1")).as("by the token that opens all").isNotNull();
    }

    @Test
    void aBoundTokenPicksUpForItsOwnIdsOnly() throws Exception {
        startBound();
        Connection control = connected(ID);
        var call = call(ID, "");
        String path = connPath(control);
        assertThat(open(bearing(BOUND), "/api/v1" + path).head().status()).isEqualTo(403);
        answer(pickUp(path), "by its own token");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("by its own token");
    }

    @Test
    void aBoundAdminTokenReachesItsOwnIdsOnlyAndNothingThatTellsOfAll() throws Exception {
        startBound();
        String proxied = "/api/v1/wolf-instances/%s/proxy/x";
        error(request(proxied.formatted("wolf-lab-1"), BOUND_ADMIN), 503, "NoConnection");
        error(request(proxied.formatted("wolf-gpu-1"), BOUND_ADMIN), 403, "Forbidden");
        error(request("/api/v1/revdial/stats", BOUND_ADMIN), 403, "Forbidden");
        error(request("/metrics", BOUND_ADMIN), 403, "Forbidden");
        assertThat(request("/api/v1/revdial/stats", ADMIN_TOKEN)
                        .get(30, TimeUnit.SECONDS)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void whoIsRefusedIsCounted() throws Exception {
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
    void aDoctorIsLetInBesideTheAgentAndIsInNothingThatIsCounted() throws Exception {
        start();
        Connection agent = connected(ID);
        Connection doctor = connected("doctor-" + ID);
        assertThat(stats()).contains("\"activeConnections\":1");
        serves(agent, ID);
        error(call("doctor-" + ID, "x"), 503, "NoConnection");
        doctor.send(Frame.close(1000, ""));
        assertThat(doctor.frame(Frame.CLOSE).closeCode()).isEqualTo(1000);
        doctor.end();
        assertThat(stats()).contains("\"activeConnections\":1", "\"gracePeriodEntries\":0");
        error(call("doctor-" + ID, "x"), 503, "NoConnection");
    }

    @Test
    void aDoctorIsLetInByWhatOpensItsIdAlone() throws Exception {
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
    void anIdThatCannotBeSeenOrChangesItsPathIs400(String id) throws Exception {
        start();
        assertThat(open(agent(), CONTROL + id).head().status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({"Wolf is %s down,Wolf is \\u202e down"})
    void whatAnAgentSaysCannotTurnTheTextOfAnError(String said, String shown) throws Exception {
        start();
        Connection control = connected(ID);
        var call = call(ID, "x");
        pickupFailed(control, connPath(control), said.formatted("\u202e"));
        assertThat(error(call, 502, "PickupFailed")).endsWith(shown);
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

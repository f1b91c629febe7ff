package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 1, server: which connections it accepts. */
class AdmissionIT extends ControlPlaneSpec {

    @BeforeEach
    void startControlPlane() throws Exception {
        start();
    }

    @Test
    void anAgentWithTheTokenAndAnIdIsAcceptedAsRfc6455Says() throws Exception {
        Connection control = connect(ID);
        assertThat(control.head().header("Sec-WebSocket-Accept")).hasValue("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assertThat(control.head().header("Upgrade").orElseThrow()).isEqualToIgnoringCase("websocket");
        assertThat(control.head().all("Sec-WebSocket-Extensions")).isEmpty();
        assertServes(control, ID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-None: there",
                "Authorization: Bearer wrong",
                "Authorization: Bearer kit-s3cr3t-runner-toke",
                "Authorization: Bearer kit-s3cr3t-runner-token2",
                "Authorization: Bearer ",
                "Authorization: Bearer kit-s3cr3t-admin-token",
                "Authorization: Basic kit-s3cr3t-runner-token",
                "Authorization: kit-s3cr3t-runner-token"
            })
    void noTokenOrAWrongOneIs401ForControlAndDataConnections(String header) throws Exception {
        Connection control = connect(ID);
        call(ID, "");
        String path = awaitConnReady(control);
        for (String target : new String[] {CONTROL + ID, "/api/v1" + path, path}) {
            assertThat(open(agent().with(header), target).head().status()).isEqualTo(401);
        }
        respond(pickUp(path), "the right token may still pick up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/revdial", "/api/v1/revdial?runnerid=", "/api/v1/revdial?other=x"})
    void noRunnerIdIs400(String target) throws Exception {
        assertThat(open(agent(), target).head().status()).isEqualTo(400);
    }

    @Test
    void theTokenIsCheckedBeforeTheRunnerId() throws Exception {
        assertThat(open(agent().with("Authorization: Bearer wrong"), "/api/v1/revdial")
                        .head()
                        .status())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/v1/revdial?revdial.dialer=00000000000000000000000000000000&revdial.req=00000000000000000000000000000000",
        "/api/v1/revdial?revdial.dialer=nonsense",
        "/revdial?revdial.dialer=00000000000000000000000000000000"
    })
    void anUnknownDialerIs404(String target) throws Exception {
        assertThat(open(agent(), target).head().status()).isEqualTo(404);
    }

    @Test
    void aDialerWhoseConnectionIsClosedIs410() throws Exception {
        Connection control = connect(ID);
        call(ID, "");
        String path = awaitConnReady(control);
        control.reset();
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        Connection pickup = pickUp(path);
        while (pickup.head().status() == 101 && System.nanoTime() < deadline) {
            pickup = pickUp(path);
        }
        assertThat(pickup.head().status()).isEqualTo(410);
    }

    @Test
    void aSecondPickupOfADialIsClosedAtOnce() throws Exception {
        Connection control = connect(ID);
        var call = call(ID, "");
        String path = awaitConnReady(control);
        respond(pickUp(path), "first");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("first");
        Connection second = pickUp(path);
        if (second.head().status() == 101) {
            second.end();
        }
        assertServes(control, ID);
    }

    @Test
    void anOldAgentMayPickUpWithoutThePrefix() throws Exception {
        Connection control = connect(ID);
        var call = call(ID, "");
        respond(open(agent(), awaitConnReady(control)), "picked up without the prefix");
        assertThat(call.get(30, TimeUnit.SECONDS).body()).isEqualTo("picked up without the prefix");
    }

    @ParameterizedTest
    @CsvSource({"wolf-a%20b,wolf-a%20b", "wolf-a+b,wolf-a%20b", "wolf-w%C3%B6lf,wolf-w%C3%B6lf", "x,x"})
    void theRunnerIdIsDecodedAsAQueryParameter(String inQuery, String inPath) throws Exception {
        Connection control = connect(inQuery);
        assertServes(control, inPath);
    }

    @Test
    void aRequestWithoutAnUpgradeIsRefused() throws Exception {
        Connection answer = agent().send("GET /api/v1/revdial?runnerid=x HTTP/1.1\r\nHost: localhost\r\n"
                + "Authorization: Bearer " + RUNNER_TOKEN + "\r\n\r\n");
        assertThat(answer.head().status()).isBetween(400, 499);
        answer.close();
    }
}

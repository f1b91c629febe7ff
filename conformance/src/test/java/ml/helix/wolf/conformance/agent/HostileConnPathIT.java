package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * docs/protocol.md, "Data connections": the agent sends its token to no other place. Each path tries to lead it to another
 * server, to another path of the same server, or to put something into the request line.
 */
class HostileConnPathIT extends AgentSpec {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//TRAP/revdial",
                "///TRAP/revdial",
                "http://TRAP/revdial",
                "https://TRAP/revdial",
                "ws://TRAP/revdial",
                "HTTP://TRAP/revdial",
                "@TRAP/revdial",
                ":1@TRAP/revdial",
                ".TRAP/revdial",
                "TRAP/revdial",
                "revdial?revdial.dialer=1",
                "\\\\\\\\TRAP/revdial",
                "/\\\\TRAP/revdial",
                "\\\\/TRAP/revdial",
                " //TRAP/revdial",
                "\\t//TRAP/revdial",
                "",
                "?revdial.dialer=1",
                "#revdial"
            })
    void aPathThatNamesAnotherServerIsRefusedAndThatServerGetsNoConnection(String connPath) throws Exception {
        try (ScriptedControlPlane trap = ScriptedControlPlane.onLoopback()) {
            refused(connPath.replace("TRAP", trap.authority()));
            assertThat(trap.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../revdial?x=1",
                "/revdial/../../admin?x=1",
                "/./revdial?x=1",
                "/..;/revdial?x=1",
                "/..;/admin?x=1",
                "/revdial/..;/admin?x=1",
                "/%2e%2e/revdial?x=1",
                "/%2E./revdial?x=1",
                "/%252e%252e/revdial?x=1",
                "/revdial/%252e%252e/admin?x=1",
                "/revdial/..%2f..%2fadmin?x=1",
                "/revdial/..%5c..%5cadmin?x=1",
                "/revdial.evil/x?revdial.dialer=1",
                "/other?revdial.dialer=1",
                "/?revdial.dialer=1",
                "/api/v1/other?revdial.dialer=1",
                "/api/v1/revdial/other?revdial.dialer=1",
                "/x/revdial?revdial.dialer=1",
                "/revdial;x?revdial.dialer=1",
                "/revdial",
                "/revdial?",
                "/api/v1/revdial",
                "/revdial?a=b HTTP/1.1\\r\\nHost: elsewhere\\r\\nX: ",
                "/revdial?a\\r\\nX-Injected: 1",
                "/revdial?a\\nX-Injected: 1",
                "/revdial?a\\rX-Injected: 1",
                "/revdial?\\u0000",
                "/revdial?\\u007f",
                "/revdial?\\u00a0x",
                "/revdial?\\u2028x",
                "/rev dial?a=b",
                "/revdial?a= b",
                "/revdial?\\tx",
                "/revdial?a#fragment",
                "/revdial?\\\\x",
                "/r\\u00e9vdial?a=b",
                "/revdial?w=\\ud83d\\udc3a",
                "/revdial%3fa=b"
            })
    void aPathOtherThanTheRevDialEndpointIsRefused(String connPath) throws Exception {
        refused(connPath);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/revdial?revdial.dialer=1",
                "/api/v1/revdial?revdial.dialer=1",
                "/revdial?revdial.dialer=%41&revdial.req=../.."
            })
    void bothPathsOfTheEndpointLeadBelowThePathPrefix(String connPath) throws Exception {
        start("-api-url", "http://" + server.authority() + "/prefix");
        Connection control = accepted();
        control.connReady(connPath);
        Connection data = server.data();
        assertThat(data.head().target()).isEqualTo("/prefix/api/v1" + connPath.replaceFirst("^/api/v1", ""));
        data.answer(404);
        pickupFailure(control, connPath);
    }

    @Test
    void aHundredHostilePathsOfOneMessageAreEachAnswered() throws Exception {
        Connection control = connected();
        control.binary("{\"command\":\"conn-ready\",\"connPath\":\"//127.0.0.1/\"}\n".repeat(100));
        for (int i = 0; i < 100; i++) {
            pickupFailure(control, "//127.0.0.1/");
        }
        assertServes(control);
    }

    /** @param json the path as JSON, without its quotes */
    private void refused(String json) throws Exception {
        Connection control = connected();
        control.line("{\"command\":\"conn-ready\",\"connPath\":\"" + json + "\"}");
        String path = JSON.readTree("\"" + json + "\"").asText();
        assertThat(pickupFailure(control, path)).isNotBlank().doesNotContain(TOKEN);
        int before = server.accepted();
        assertServes(control);
        assertThat(server.accepted()).isEqualTo(before + 1);
    }
}
